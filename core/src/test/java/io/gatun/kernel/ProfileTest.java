package io.gatun.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.gatun.spec.AxpbySpec;
import io.gatun.spec.GemmSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProfileTest {
    @Test
    void countsTheRunsFromItsBeginningToItsEnd() {
        try (Kernels kernels = Kernels.open("reference", 1);
                Arena arena = Arena.ofConfined()) {
            MemorySegment a = arena.allocate(4 * 100 * 100, 64);
            MemorySegment b = arena.allocate(4 * 100 * 100, 64);
            MemorySegment c = arena.allocate(4 * 100 * 100, 64);
            Plan gemm = kernels.plan(GemmSpec.of(100, 100, 100));
            Plan axpby = kernels.plan(new AxpbySpec(10, 1, 0));
            gemm.run(a, b, c);
            Profile profile = kernels.profile();
            long start = System.nanoTime();
            gemm.run(a, b, c);
            for (int i = 0; i < 5; i++) {
                axpby.run(a, b);
            }
            long passed = System.nanoTime() - start;
            List<Profile.Line> lines = profile.lines();
            assertThat(lines).extracting(Profile.Line::plan).containsExactly(gemm, axpby);
            assertThat(lines).extracting(Profile.Line::runs).containsExactly(1L, 5L);
            assertThat(lines.getFirst().nanos()).isGreaterThan(lines.getLast().nanos());
            assertThat(lines.stream().mapToLong(Profile.Line::nanos).sum()).isBetween(1L, passed);
            assertThatIllegalStateException()
                    .isThrownBy(kernels::profile)
                    .withMessageContaining("close that profile first");
            profile.close();
            gemm.run(a, b, c);
            assertThat(profile.lines()).isEqualTo(lines);
            try (Profile again = kernels.profile()) {
                assertThat(again.lines()).isEmpty();
            }
        }
    }
}
