package io.gatun.perf;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.TreeSet;

/** The program that {@link BackendFaultsTest} starts in JVMs that lack something: runs two kernels on small integers. */
final class FaultProbe {
    private static final List<String> SPECS = List.of(
            "gemm f32 m=70 n=65 k=80",
            "conv f32 forward n=2 h=9 w=9 ic=16 oc=16 kh=3 kw=3 ph=1 pw=1",
            "reduce f32 sum shape=37x41 axes=0");

    private FaultProbe() {}

    /** Prints {@code sum HASH by BACKENDS}, or why there is none. */
    public static void main(String[] arguments) {
        try {
            System.out.println(run(arguments[0]));
        } catch (NativeUnavailableException e) {
            System.out.println("unavailable: " + e.getMessage());
        }
    }

    static String run(String backend) {
        TreeSet<String> ran = new TreeSet<>();
        long hash = 0;
        try (Kernels kernels = Kernels.open(backend, 2);
                Arena arena = Arena.ofConfined()) {
            for (String line : SPECS) {
                Plan plan = kernels.plan(Spec.parse(line));
                ran.add(plan.backend());
                List<Operand> operands = plan.operands();
                MemorySegment[] buffers = new MemorySegment[operands.size()];
                for (int i = 0; i < buffers.length; i++) {
                    buffers[i] = arena.allocate(operands.get(i).bytes(), 64);
                    for (long j = 0; j < operands.get(i).elements(); j++) {
                        buffers[i].setAtIndex(ValueLayout.JAVA_FLOAT, j, (i + 1) * j * 7 % 11 - 5);
                    }
                }
                plan.run(buffers);
                for (float value : buffers[buffers.length - 1].toArray(ValueLayout.JAVA_FLOAT)) {
                    hash = hash * 31 + (long) value;
                }
            }
        }
        return "sum " + hash + " by " + String.join(" ", ran);
    }
}
