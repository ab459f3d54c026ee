package io.gatun.onednn;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.ResidentMemory;
import io.gatun.parallel.Workers;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.Spec;
import java.io.IOException;
import java.lang.foreign.Arena;

/** The forked JVM of {@link ManyShapesTest}: prints by how many bytes its resident memory grew. */
final class ManyShapes {
    private static final int WARM = 1_500;
    private static final int SHAPES = 10_000;

    /** Fewer than the session takes before it refuses. */
    private static final int AT_ONCE = 50;

    private ManyShapes() {}

    public static void main(String[] arguments) throws IOException {
        for (int first = 0; first < WARM; first += AT_ONCE) {
            run(first, AT_ONCE);
        }
        long before = ResidentMemory.bytes();
        for (int first = WARM; first < WARM + SHAPES; first += AT_ONCE) {
            run(first, AT_ONCE);
        }
        System.out.println("grew by " + (ResidentMemory.bytes() - before) + " bytes");
    }

    /** Opens a session, runs {@code count} problems that no other call has, and closes it. */
    private static void run(int first, int count) {
        try (Workers workers = new Workers(1);
                OneDnnSession session = new OneDnnSession(workers, OneDnnLibrary.require(2))) {
            for (int i = first; i < first + count; i++) {
                Spec spec = i % 10 == 0
                        ? ConvSpec.of(1, 5 + i / 10 % 40, 5 + i / 400, 16, 16, 3, 1, 1)
                        : GemmSpec.of(1 + i % 150, 1 + i / 150, 8);
                if (session.offer(spec) instanceof Offer.Taken(Kernel kernel)) {
                    try (Arena arena = Arena.ofConfined()) {
                        KernelRuns.of(arena, spec, kernel).run();
                    }
                }
            }
        }
    }
}
