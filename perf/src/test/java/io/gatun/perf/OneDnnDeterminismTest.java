package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.nn.train.WeightsHash;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** oneDNN's sums depend on the machine and the number of threads, and on nothing else: two JVMs train to one hash. */
class OneDnnDeterminismTest {
    @Test
    void theSameMachineAndThreadsTrainToTheSameWeights() throws Exception {
        List<String> options = List.of("-Dgatun.hash.backend=onednn");
        Set<String> hashes = new LinkedHashSet<>(WeightsHash.inAnotherJvm(options, "small", 200, "2"));
        hashes.addAll(WeightsHash.inAnotherJvm(options, "small", 200, "2"));
        assertThat(hashes).hasSize(1);
        assertThat(hashes)
                .as("simd adds up in another order, so these are not its numbers")
                .doesNotContainAnyElementsOf(WeightsHash.inAnotherJvm(List.of(), "small", 200, "2"));
    }
}
