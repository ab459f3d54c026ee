package io.gatun.perf.bench;

import io.gatun.kernel.DType;
import io.gatun.kernel.HalfFloats;
import io.gatun.kernel.Operand;
import io.gatun.spec.AdamSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LossSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.QuantizeSpec;
import io.gatun.spec.QuantizedConvSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/**
 * Seeded contents of a spec's operands: uniform in [-1, 1) where any number will do, and within their ranges where not
 * (targets, indices, variances, divisors, step sizes), so that no kernel is timed on NaN or on denormals.
 */
final class Inputs {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;

    /** Elements drawn one by one; what is longer repeats them, or filling a GPU's operands would take longer than timing. */
    static final long DRAWN = 1 << 22;

    /** lr, gradScale, lr / c1 and 1 / sqrt(c2) of AdamW's 100th step. */
    private static final float[] ADAMW = {1e-3f, 1, 1e-3f, 3.2f};

    /** lr, gradScale, not the first step. */
    private static final float[] SGD = {1e-2f, 1, 0, 0};

    private Inputs() {}

    /** Fills one operand; the same spec, index and seed give the same content. */
    static void fill(Spec spec, Operand operand, int index, long seed, MemorySegment data) {
        SplittableRandom random = new SplittableRandom(seed * 31 + index);
        long count = Math.min(operand.elements(), DRAWN);
        draw(spec, operand, count, random, data);
        long whole = operand.elements() * operand.type().bytes();
        for (long done = count * operand.type().bytes(); done < whole; done *= 2) {
            MemorySegment.copy(data, 0, data, done, Math.min(done, whole - done));
        }
    }

    private static void draw(Spec spec, Operand operand, long count, SplittableRandom random, MemorySegment data) {
        switch (operand.type()) {
            case I32 -> {
                int bound = bound(spec);
                for (long i = 0; i < count; i++) {
                    data.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(bound));
                }
            }
            case I64 -> {
                for (long i = 0; i < count; i++) {
                    data.setAtIndex(ValueLayout.JAVA_LONG, i, i + 1);
                }
            }
            case U8, S8 -> {
                // Of s8 no -128, which symmetric weights do not use.
                for (long i = 0; i < count; i++) {
                    int value = operand.type() == DType.U8 ? random.nextInt(256) : random.nextInt(-127, 128);
                    data.set(ValueLayout.JAVA_BYTE, i, (byte) value);
                }
            }
            case BF16, F16 -> {
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment wide = arena.allocate(F32, count);
                    floats(spec, operand, count, random, wide);
                    for (long i = 0; i < count; i++) {
                        data.setAtIndex(
                                ValueLayout.JAVA_SHORT, i, HalfFloats.narrow(operand.type(), wide.getAtIndex(F32, i)));
                    }
                }
            }
            case F32 -> floats(spec, operand, count, random, data);
        }
    }

    private static void floats(Spec spec, Operand operand, long count, SplittableRandom random, MemorySegment data) {
        if (operand.name().equals("hyper")) {
            MemorySegment.copy(hyper(spec), 0, data, F32, 0, 4);
            return;
        }
        float from = positive(spec, operand) ? 0.5f : -1;
        float to = positive(spec, operand) ? 1.5f : 1;
        if (share(spec, operand)) {
            from = 0.01f;
            to = 0.99f;
        }
        int hidden = hidden(spec);
        if (hidden > 0 && operand.name().startsWith("weights")) {
            // PyTorch's initial range. In [-1, 1) a net of 512 is chaotic: 64 steps grow a last bit to the size of c.
            to = (float) (1 / Math.sqrt(hidden));
            from = -to;
        }
        boolean relu = spec instanceof BatchNormSpec norm
                && norm.relu()
                && operand.name().equals("dst");
        for (long i = 0; i < count; i++) {
            float value = from + (to - from) * (random.nextInt() >>> 8) * 0x1p-24f;
            data.setAtIndex(F32, i, relu ? Math.max(0, value) : value);
        }
    }

    /** Units of a recurrent layer, 0 of anything else. */
    private static int hidden(Spec spec) {
        return switch (spec) {
            case LstmSpec lstm -> lstm.h();
            case GruSpec gru -> gru.h();
            case RnnSpec rnn -> rnn.h();
            default -> 0;
        };
    }

    private static float[] hyper(Spec spec) {
        return spec instanceof AdamSpec ? ADAMW : SGD;
    }

    /** Probabilities, their weights, and what has a logarithm. */
    private static boolean share(Spec spec, Operand operand) {
        return switch (spec) {
            case CrossEntropySpec _ -> !operand.name().equals("logits");
            case LossSpec s
            when operand.name().equals("prediction") ->
                switch (s.kind()) {
                    case BCE, MSLE, POISSON_NLL_RATE -> true;
                    default -> false;
                };
            case LossSpec _ -> true;
            default -> false;
        };
    }

    /** Variances, their roots, and divisors. */
    private static boolean positive(Spec spec, Operand operand) {
        return switch (operand.name()) {
            case "runningVar", "invStd", "v", "vMax", "sum", "square", "gamma", "scale", "weightScales" -> true;
            case "b" -> spec instanceof BinarySpec binary && binary.op() == BinarySpec.Op.DIV;
            default -> false;
        };
    }

    private static int bound(Spec spec) {
        return switch (spec) {
            case CrossEntropySpec s -> s.cols();
            case EmbeddingSpec s -> s.vocabulary();
            case QuantizeSpec _, QuantizedConvSpec _ -> 256;
            default -> 1;
        };
    }
}
