package io.gatun.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.Spec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** That closing a session gives everything back: primitives, layouts, memory objects, streams, generated code. */
@RequiresOneDnn
class ManyShapesTest {
    private static final int SHAPES = 10_000;
    private static final long MAY_GROW = 64 << 20;

    @Test
    void tenThousandShapesLeaveNothingBehind() throws IOException {
        run(0, 500);
        long before = residentBytes();
        for (int round = 0; round < 10; round++) {
            run(500 + round * SHAPES / 10, SHAPES / 10);
        }
        assertThat(residentBytes() - before)
                .as("growth of resident memory over %s shapes", SHAPES)
                .isLessThan(MAY_GROW);
    }

    /** Opens a session, runs {@code count} problems that no other call has, and closes it. */
    private static void run(int first, int count) {
        try (Workers workers = new Workers(1);
                OneDnnSession session = new OneDnnSession(workers, OneDnnLibrary.require(2))) {
            for (int i = first; i < first + count; i++) {
                Spec spec = i % 10 == 0
                        ? ConvSpec.of(1, 5 + i / 10 % 40, 5 + i / 400, 16, 16, 3, 1, 1)
                        : GemmSpec.of(1 + i % 150, 1 + i / 150, 8);
                try (Arena arena = Arena.ofConfined()) {
                    KernelRuns.of(arena, spec, ((Offer.Taken) session.offer(spec)).kernel())
                            .run();
                }
            }
        }
    }

    private static long residentBytes() throws IOException {
        System.gc();
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new AssertionError("/proc/self/status has no VmRSS");
    }
}
