package io.gatun.simd;

import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import java.util.Arrays;

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
        Arrays.fill(out.value, Double.NaN);
        for (int g = 0; g < s.batch(); g++) {
            for (int i = 0; i < s.m(); i++) {
                for (int j = 0; j < s.n(); j++) {
                    double sum = 0;
                    double abs = 0;
                    for (int k = 0; k < s.k(); k++) {
                        double x = Raw.f32(
                                a, g * s.strideA() + (s.transA() ? (long) k * s.lda() + i : (long) i * s.lda() + k));
                        double y = Raw.f32(
                                b, g * s.strideB() + (s.transB() ? (long) j * s.ldb() + k : (long) k * s.ldb() + j));
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

    /** The outputs of a convolution: dst, diffSrc, or diffWeights and diffBias. The third address is the bias. */
    static double[][] conv(ConvSpec s, long first, long second, long third) {
        int icg = s.ic() / s.groups();
        int ocg = s.oc() / s.groups();
        double[] out = new double
                [Math.toIntExact(
                        switch (s.direction()) {
                            case FORWARD -> (long) s.n() * s.oh() * s.ow() * s.oc();
                            case BACKWARD_DATA -> (long) s.n() * s.h() * s.w() * s.ic();
                            case BACKWARD_WEIGHTS -> (long) s.oc() * s.kh() * s.kw() * icg;
                        })];
        double[] bias = new double[s.oc()];
        for (int n = 0; n < s.n(); n++) {
            for (int y = 0; y < s.oh(); y++) {
                for (int x = 0; x < s.ow(); x++) {
                    for (int o = 0; o < s.oc(); o++) {
                        int d = ((n * s.oh() + y) * s.ow() + x) * s.oc() + o;
                        if (s.direction() == ConvSpec.Direction.BACKWARD_WEIGHTS) {
                            bias[o] += Raw.f32(second, d);
                        }
                        for (int i = 0; i < s.kh(); i++) {
                            for (int j = 0; j < s.kw(); j++) {
                                int sy = y * s.sh() + i * s.dh() - s.ph();
                                int sx = x * s.sw() + j * s.dw() - s.pw();
                                if (sy < 0 || sy >= s.h() || sx < 0 || sx >= s.w()) {
                                    continue;
                                }
                                for (int c = 0; c < icg; c++) {
                                    int at = ((n * s.h() + sy) * s.w() + sx) * s.ic() + o / ocg * icg + c;
                                    int w = ((o * s.kh() + i) * s.kw() + j) * icg + c;
                                    switch (s.direction()) {
                                        case FORWARD -> out[d] += (double) Raw.f32(first, at) * Raw.f32(second, w);
                                        case BACKWARD_DATA ->
                                            out[at] += (double) Raw.f32(first, d) * Raw.f32(second, w);
                                        case BACKWARD_WEIGHTS ->
                                            out[w] += (double) Raw.f32(first, at) * Raw.f32(second, d);
                                    }
                                }
                            }
                        }
                        if (s.direction() == ConvSpec.Direction.FORWARD) {
                            out[d] = activate(s.activation(), out[d] + (s.bias() ? Raw.f32(third, o) : 0));
                        }
                    }
                }
            }
        }
        return new double[][] {out, bias};
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
