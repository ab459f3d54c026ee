package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.Raw;
import io.gatun.spec.Spec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link Inlining}: no read of a scalar stays a call in a kernel's loop, whatever the JVM has read before. */
class InliningTest {
    private static final String KERNEL = "io.gatun.simd.Micro12x1::run";
    private static final String READ = "Unaligned (12 bytes)";

    @TempDir
    private Path folder;

    @Test
    void aKernelsReadsAreInlinedAlthoughTheJvmInterpretedSomeBefore() throws IOException, InterruptedException {
        Path output = folder.resolve("inlining");
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UnlockDiagnosticVMOptions",
                        "-XX:CompileCommand=PrintInlining," + KERNEL,
                        "-cp",
                        System.getProperty("java.class.path"),
                        InliningTest.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(jvm.waitFor()).isZero();
        // The latest compilation is the one that runs; each reads one long a segment. C1 has reasons of its own.
        List<String> reads = Files.readAllLines(output).stream()
                .filter(line -> line.contains("getLong" + READ) && !line.contains("too much stack"))
                .toList();
        assertThat(reads).as("reads of a long that C2 met in " + KERNEL).isNotEmpty();
        assertThat(reads.getLast()).contains("force inline");
    }

    /** Reads some longs as a program might, then convolves until C2 has had its time. */
    public static void main(String[] arguments) {
        try (Arena arena = Arena.ofConfined();
                Kernels kernels = Kernels.open("simd", 1)) {
            MemorySegment cell = arena.allocate(8, 8);
            long sum = 0;
            for (int i = 0; i < 190; i++) {
                sum += Raw.i64(cell.address(), 0);
            }
            Plan plan = kernels.plan(Spec.parse("conv f32 forward n=4 h=16 w=16 ic=64 oc=16 kh=5 kw=5 ph=2 pw=2"));
            MemorySegment[] buffers = plan.operands().stream()
                    .map(operand -> arena.allocate(operand.bytes(), 64))
                    .toArray(MemorySegment[]::new);
            // Of this thread, whose neighbours take from the compiler what they take from it.
            ThreadMXBean clock = ManagementFactory.getThreadMXBean();
            long end = clock.getCurrentThreadCpuTime() + 2_000_000_000L + sum;
            while (clock.getCurrentThreadCpuTime() < end) {
                plan.run(buffers);
            }
        }
    }
}
