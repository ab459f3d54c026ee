package io.gatun.simd;

import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;

/** Naive loops in double over float operands, with Σ|terms| beside each sum: what the kernels here are held against. */
final class Oracle64 {
    final double[] value;
    final double[] size;

    private Oracle64(int count) {
        value = new double[count];
        size = new double[count];
    }

    /** C of one GEMM, dense over its span (gaps NaN): value and Σ|terms|. */
    static Oracle64 gemm(GemmSpec s, long a, long b, long bias, long c) {
        int count = Math.toIntExact(s.operands().getLast().elements());
        Oracle64 out = new Oracle64(count);
        java.util.Arrays.fill(out.value, Double.NaN);
        for (int g = 0; g < s.batch(); g++) {
            for (int i = 0; i < s.m(); i++) {
                for (int j = 0; j < s.n(); j++) {
                    double sum = 0;
                    double abs = 0;
                    for (int k = 0; k < s.k(); k++) {
                        double x = Raw.f32(a, g * s.strideA() + (s.transA() ? (long) k * s.lda() + i : (long) i * s.lda() + k));
                        double y = Raw.f32(b, g * s.strideB() + (s.transB() ? (long) j * s.ldb() + k : (long) k * s.ldb() + j));
                        sum += x * y;
                        abs += Math.abs(x * y);
                    }
                    int at = Math.toIntExact(g * s.strideC() + (long) i * s.ldc() + j);
                    sum *= s.alpha();
                    abs *= Math.abs(s.alpha());
                    if (s.beta() != 0) {
                        sum += (double) s.beta() * Raw.f32(c, at);
                        abs += Math.abs((double) s.beta() * Raw.f32(c, at));
                    }
                    if (s.bias()) {
                        sum += Raw.f32(bias, j);
                        abs += Math.abs(Raw.f32(bias, j));
                    }
                    out.value[at] = activate(s.activation(), sum);
                    out.size[at] = abs;
                }
            }
        }
        return out;
    }

    static double activate(Activation activation, double x) {
        return switch (activation.kind()) {
            case IDENTITY -> x;
            case RELU -> Math.max(x, 0);
            case LEAKY_RELU -> x > 0 ? x : activation.alpha() * x;
            case SIGMOID -> 1 / (1 + Math.exp(-x));
            case TANH -> Math.tanh(x);
            default -> throw new IllegalArgumentException(activation + " is not in this oracle");
        };
    }
}
