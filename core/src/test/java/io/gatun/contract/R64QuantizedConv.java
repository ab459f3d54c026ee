package io.gatun.contract;

import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import java.util.Map;

/** A convolution of bytes as one of the numbers that they stand for, whose sums a long holds. */
final class R64QuantizedConv {
    private R64QuantizedConv() {}

    static Map<String, Expected> expected(ConvSpec s, Inputs in) {
        double[] src = in.get("src");
        double[] weights = in.get("weights");
        double zeroPoint = in.get("zeroPoint")[0];
        int size = s.n() * s.oh() * s.ow() * s.oc();
        long[] sums = new long[size];
        R64Conv.walk(s, (a, b, c, count) -> {
            for (int k = 0; k < count; k++) {
                sums[c] += (long) (src[a + k] - zeroPoint) * (long) weights[b + k];
            }
        });
        double[] dst = new double[size];
        double[] tolerance = new double[size];
        double[] reach = new double[size];
        double scale = (float) in.get("scale")[0];
        for (int i = 0; i < size; i++) {
            double factor = scale * (float) in.get("weightScales")[i % s.oc()];
            double bias = s.bias() ? (float) in.get("bias")[i % s.oc()] : 0;
            double value = sums[i] * factor + bias;
            dst[i] = s.activation().kind() == Activation.Kind.RELU && value < 0 ? 0 : value;
            double product = Expected.size(sums[i] * factor);
            reach[i] = product + Expected.size(bias);
            // Four roundings: the sum, two products, the bias; a tiny product to 2^-149, times the other scale.
            tolerance[i] = 4 * Expected.U * reach[i] + 0x1p-149 * Math.abs(sums[i]);
        }
        boolean whole = in.exact && in.all().values().stream().allMatch(R64QuantizedConv::finite);
        Expected expected = Expected.of(dst, i -> whole && Math.abs(sums[i]) < 0x1p23 ? 0 : tolerance[i]);
        return Map.of("dst", expected.reaching(i -> reach[i]));
    }

    private static boolean finite(double[] values) {
        for (double value : values) {
            if (!Double.isFinite(value)) {
                return false;
            }
        }
        return true;
    }
}
