package io.gatun.simd;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Tells C2 to inline our smallest methods always, and never one that would fill its caller ({@link VectorLoop}). It
 * decides by profile otherwise: a load on a path that earlier shapes seldom took is left as a call ("low call site
 * frequency", "already compiled into a medium method"), its vector becomes an object, and the kernel runs 20 times slower
 * for the rest of the JVM's life. Seen with batch norm of 512 channels after narrower ones: 4.8 MB allocated a run. The
 * JDK's own vector methods have an annotation for this; ours cannot.
 *
 * <p>Behind {@code MemorySegment.get} all are annotated but the last, {@code Unsafe.getLongUnaligned} and its kind: C2 inlines
 * it only if its caller called it 0.0085 times as often as the caller was interpreted, by the counts of the whole JVM. One
 * that had interpreted some hundred reads of longs, and none since, left a call in every kernel that reads one and spilled
 * all of the kernel's vectors around it: GEMM of 1024 on one core 0.91 to 0.92 of oneDNN, without the call 0.99 to 1.00; a
 * 3x3 convolution of 16 channels 0.44 to 0.92 by the JVM, and 0.94 to 0.95.
 *
 * <p>This is {@code jcmd Compiler.directives_add}, asked from within.
 */
final class Inlining {
    private static final String DIRECTIVES = """
        [{
          match: "io/gatun/simd/*.*",
          c2: { inline: [
                "+jdk/internal/misc/Unsafe.*Unaligned",
                "+io/gatun/simd/Lanes.*",
                "+io/gatun/simd/VectorMath.*",
                "+io/gatun/simd/Sums.running*",
                "+io/gatun/simd/ColumnSums.sums*",
                "+io/gatun/simd/BatchNormMoments.half",
                "+io/gatun/simd/BatchNormMoments.add",
                "+io/gatun/simd/BatchNormMoments.doubles",
                "-io/gatun/simd/ActivationLoops.apply",
                "+io/gatun/simd/BatchNormBackwardSums.factor",
                "-io/gatun/simd/BatchNorm*.flat*",
                "-io/gatun/simd/GruCell.backward",
                "-io/gatun/simd/LstmCell.backward",
                "-io/gatun/simd/Sums.products",
                "-io/gatun/simd/Sums.rows",
                "-io/gatun/simd/Sums.values",
                "-io/gatun/simd/TransposeTile.pass*"
              ] }
        }]
        """;

    /** What came of it, for {@code gatun doctor}. */
    static final String STATUS = demand();

    private Inlining() {}

    private static String demand() {
        try {
            Path file = Files.createTempFile("gatun-inlining", ".json");
            try {
                Files.writeString(file, DIRECTIVES);
                Object answer = ManagementFactory.getPlatformMBeanServer()
                        .invoke(
                                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                                "compilerDirectivesAdd",
                                new Object[] {new String[] {file.toString()}},
                                new String[] {String[].class.getName()});
                return "inlining demanded of C2: " + answer.toString().strip();
            } finally {
                Files.delete(file);
            }
        } catch (IOException | JMException | RuntimeException e) {
            return "inlining left to the JVM (" + e + "): kernels may run slower after a change of shapes";
        }
    }
}
