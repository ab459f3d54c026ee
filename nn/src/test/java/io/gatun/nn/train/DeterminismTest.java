package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One hash of the weights over thread counts, vector widths, and the interpreter. */
class DeterminismTest {
    private static final int STEPS = 200;

    /** For a first look, and at the two vector widths that the interpreter does not train at for all 200. */
    private static final int FEW_STEPS = 20;

    @Test
    void fewStepsDoNotDependOnThreadsAndWidths() throws Exception {
        assertThat(compiled("small", FEW_STEPS)).hasSize(1);
    }

    @Test
    @Tag("heavy")
    void weightsDoNotDependOnThreadsAndWidths() throws Exception {
        assertThat(compiled("small", STEPS)).hasSize(1);
    }

    /** The interpreter is some fifty times slower, so the nets are tiny, and it starts first and has a core for itself. */
    @Test
    @Tag("heavy")
    void weightsDoNotDependOnTheCompiler() throws Exception {
        Set<String> few = new LinkedHashSet<>();
        Set<String> hashes;
        try (var beside = Executors.newVirtualThreadPerTaskExecutor()) {
            var interpreted = beside.submit(
                    () -> WeightsHash.inAnotherJvm(List.of("-Xint", "-XX:MaxVectorSize=32"), "tiny", STEPS, "2"));
            hashes = compiled("tiny", STEPS);
            few.addAll(WeightsHash.inAnotherJvm(List.of(), "tiny", FEW_STEPS, "2"));
            few.addAll(WeightsHash.inAnotherJvm(List.of("-Xint", "-XX:MaxVectorSize=16"), "tiny", FEW_STEPS, "1", "3"));
            few.addAll(WeightsHash.inAnotherJvm(List.of("-Xint", "-XX:MaxVectorSize=64"), "tiny", FEW_STEPS, "7"));
            hashes.addAll(interpreted.get());
        }
        assertThat(hashes).hasSize(1);
        assertThat(few).hasSize(1).doesNotContainAnyElementsOf(hashes);
    }

    /** The hashes of {1, 2, 3, 7} threads at 128, 256 and 512 bits. */
    private static Set<String> compiled(String nets, int steps) throws Exception {
        Set<String> hashes = new LinkedHashSet<>();
        for (int bytes : new int[] {16, 32, 64}) {
            List<String> lines =
                    WeightsHash.inAnotherJvm(List.of("-XX:MaxVectorSize=" + bytes), nets, steps, "1", "2", "3", "7");
            assertThat(lines).hasSize(4);
            hashes.addAll(lines);
        }
        return hashes;
    }
}
