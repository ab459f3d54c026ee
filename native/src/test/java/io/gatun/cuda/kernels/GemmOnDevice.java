package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.kernel.DType;
import io.gatun.kernel.HalfFloats;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Operand;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * One product on the device with numbers of its own and the same in double: the factors rounded as the kernel rounds
 * them, then every sum and the magnitude of its terms.
 */
final class GemmOnDevice {
    /** Half the distance of 1 to the next float. */
    private static final double U = 0x1p-24;

    /** The contract's bound on sums: 32 u of their terms' magnitudes. */
    private static final double SUM = 32;

    /** Elements before each operand that must stay as they are; behind it lies a page that nobody may touch. */
    private static final int GUARD = 32;

    private static final float MARK = -77;

    private final GemmSpec spec;
    private final GemmMath math;
    private final float[][] operands;
    private final List<DType> types;
    private final boolean exact;
    private final boolean wide;

    GemmOnDevice(GemmSpec spec, GemmMath math, boolean wide, boolean exact, SplittableRandom random) {
        this.spec = spec;
        this.math = math;
        this.exact = exact;
        this.wide = wide;
        this.types =
                stored(spec, math, wide).operands().stream().map(Operand::type).toList();
        this.operands = IntStream.range(0, types.size())
                .mapToObj(i -> numbers(spec.operands().get(i), types.get(i), random))
                .toArray(float[][]::new);
    }

    private static Spec stored(GemmSpec spec, GemmMath math, boolean wide) {
        return switch (math) {
            case F32, TF32 -> spec;
            case BF16 -> new MixedSpec(spec, DType.BF16, wide);
            case F16 -> new MixedSpec(spec, DType.F16, wide);
        };
    }

    private float[] numbers(Operand operand, DType type, SplittableRandom random) {
        float[] numbers = new float[(int) operand.elements()];
        for (int i = 0; i < numbers.length; i++) {
            float drawn = exact ? random.nextInt(-4, 5) : (float) random.nextDouble(-2, 2);
            // C must not be read for beta = 0: NaN there would show.
            numbers[i] = operand.name().equals("c") && spec.beta() == 0 ? Float.NaN : rounded(type, drawn);
        }
        return numbers;
    }

    void set(String operand, int index, float value) {
        for (int i = 0; i < operands.length; i++) {
            if (spec.operands().get(i).name().equals(operand)) {
                operands[i][index] = value;
            }
        }
    }

    /** What is wrong, or null. */
    String wrong(CudaContext context, GemmPlan plan, int skew) {
        float[] c = run(context, Gemm.kernel(context, spec, plan, wide), skew);
        boolean[] inside = new boolean[c.length];
        for (int batch = 0; batch < spec.batch(); batch++) {
            for (int i = 0; i < spec.m(); i++) {
                for (int j = 0; j < spec.n(); j++) {
                    int at = (int) (batch * spec.strideC() + (long) i * spec.ldc() + j);
                    inside[at] = true;
                    String wrong = compare(batch, i, j, c[at]);
                    if (wrong != null) {
                        return wrong;
                    }
                }
            }
        }
        for (int at = 0; at < c.length; at++) {
            if (!inside[at] && Float.compare(c[at], operands[operands.length - 1][at]) != 0) {
                return "gap of C at " + at + " became " + c[at];
            }
        }
        return null;
    }

    private String compare(int batch, int i, int j, float found) {
        double sum = 0;
        double terms = 0;
        for (int k = 0; k < spec.k(); k++) {
            long atA = spec.transA() ? (long) k * spec.lda() + i : (long) i * spec.lda() + k;
            long atB = spec.transB() ? (long) j * spec.ldb() + k : (long) k * spec.ldb() + j;
            double product = (double) factor(operands[0][(int) (batch * spec.strideA() + atA)])
                    * factor(operands[1][(int) (batch * spec.strideB() + atB)]);
            sum += product;
            terms += Math.abs(product);
        }
        double bias = spec.bias() ? operands[2][j] : 0;
        int at = (int) (batch * spec.strideC() + (long) i * spec.ldc() + j);
        double before = spec.beta() == 0 ? 0 : spec.beta() * (double) operands[operands.length - 1][at];
        double value = spec.alpha() * sum + bias + before;
        if (spec.activation().kind() == Activation.Kind.RELU) {
            value = value < 0 ? 0 : value;
        }
        terms = Math.abs(spec.alpha()) * terms + Math.abs(bias) + Math.abs(before);
        double bound = exact ? 0 : SUM * U * terms;
        bound += types.getLast() == DType.F32 ? 0 : Math.abs(value) * (math == GemmMath.BF16 ? 0x1p-8 : 0x1p-11);
        boolean right = Double.isNaN(value) ? Float.isNaN(found) : value == found || Math.abs(found - value) <= bound;
        return right ? null : "C[" + batch + "][" + i + "][" + j + "] is " + found + " and not " + value;
    }

    private float factor(float x) {
        if (math != GemmMath.TF32 || Float.isNaN(x) || Float.isInfinite(x)) {
            return x;
        }
        return Float.intBitsToFloat(Float.floatToRawIntBits(x) + 0x1000 & ~0x1fff);
    }

    private static float rounded(DType type, float x) {
        return type == DType.F32 ? x : HalfFloats.widen(type, HalfFloats.narrow(type, x));
    }

    /** C after one run; throws if something before an operand, or a factor, changed. */
    private float[] run(CudaContext context, Kernel kernel, int skew) {
        CudaRuntime runtime = context.runtime();
        long stream = context.stream().handle();
        long[] there = new long[operands.length];
        long[] frame = new long[operands.length + 1];
        EmulatedDevice.set("GUARD", "1");
        try (Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < operands.length; i++) {
                MemorySegment here = arena.allocate(bytes(i, skew), 16);
                for (int at = 0; at < GUARD + skew + operands[i].length; at++) {
                    put(here, i, at, at < GUARD + skew ? MARK : operands[i][at - GUARD - skew]);
                }
                EmulatedDevice.set("ALIGNMENT", "" + types.get(i).bytes());
                there[i] = runtime.malloc(here.byteSize());
                runtime.copyAsync(there[i], here.address(), here.byteSize(), CudaRuntime.Copy.HOST_TO_DEVICE, stream);
                frame[i] = there[i] + (long) (GUARD + skew) * types.get(i).bytes();
            }
            EmulatedDevice.set("ALIGNMENT", "16");
            frame[operands.length] = runtime.malloc(Math.max(16, kernel.scratchBytes()));
            ((CudaKernel) kernel).of(spec).execute(frame);
            float[] c = null;
            for (int i = 0; i < operands.length; i++) {
                MemorySegment back = arena.allocate(bytes(i, skew), 16);
                runtime.copyAsync(back.address(), there[i], back.byteSize(), CudaRuntime.Copy.DEVICE_TO_HOST, stream);
                context.synchronize();
                c = found(back, i, skew);
                runtime.free(there[i]);
            }
            runtime.free(frame[operands.length]);
            return c;
        } finally {
            EmulatedDevice.set("GUARD", "0");
        }
    }

    private float[] found(MemorySegment back, int operand, int skew) {
        float[] numbers = new float[operands[operand].length];
        for (int at = 0; at < GUARD + skew + numbers.length; at++) {
            int index = at - GUARD - skew;
            float found = get(back, operand, at);
            if (index >= 0) {
                numbers[index] = found;
            }
            boolean mayChange = index >= 0 && operand == operands.length - 1;
            float before = index >= 0 ? operands[operand][index] : MARK;
            if (!mayChange && Float.compare(found, before) != 0) {
                throw new AssertionError("operand " + operand + " changed at " + index + " to " + found);
            }
        }
        return numbers;
    }

    private long bytes(int operand, int skew) {
        return (long) (GUARD + skew + operands[operand].length)
                * types.get(operand).bytes();
    }

    private void put(MemorySegment segment, int operand, int index, float value) {
        if (types.get(operand) == DType.F32) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
        } else {
            segment.setAtIndex(ValueLayout.JAVA_SHORT, index, HalfFloats.narrow(types.get(operand), value));
        }
    }

    private float get(MemorySegment segment, int operand, int index) {
        return types.get(operand) == DType.F32
                ? segment.getAtIndex(ValueLayout.JAVA_FLOAT, index)
                : HalfFloats.widen(types.get(operand), segment.getAtIndex(ValueLayout.JAVA_SHORT, index));
    }
}
