package io.gatun.contract;

import io.gatun.spec.Direction;
import io.gatun.spec.PReluSpec;
import java.util.Map;

/** f and its two derivatives by their definitions. */
final class R64PRelu {
    private R64PRelu() {}

    static Map<String, Expected> expected(PReluSpec spec, Inputs in) {
        double[] src = in.get("src");
        double[] slope = in.get("slope");
        double[] out = new double[src.length];
        if (spec.direction() == Direction.FORWARD) {
            for (int i = 0; i < out.length; i++) {
                out[i] = src[i] > 0 ? src[i] : slope[spec.one() ? 0 : i % spec.cols()] * src[i];
            }
            return Map.of("dst", Expected.bits(out));
        }
        double[] diffDst = in.get("diffDst");
        double[] diffSlope = new double[slope.length];
        double[] magnitudes = new double[slope.length];
        for (int i = 0; i < out.length; i++) {
            int c = spec.one() ? 0 : i % spec.cols();
            if (src[i] > 0) {
                out[i] = diffDst[i];
            } else {
                out[i] = diffDst[i] * (Double.isNaN(src[i]) ? src[i] : slope[c]);
                diffSlope[c] += diffDst[i] * src[i];
                magnitudes[c] += Expected.size(diffDst[i] * src[i]);
            }
        }
        return Map.of("diffSrc", Expected.bits(out), "diffSlope", Expected.sums(diffSlope, magnitudes, in.exact));
    }
}
