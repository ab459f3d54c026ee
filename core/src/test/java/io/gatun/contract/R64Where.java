package io.gatun.contract;

import io.gatun.spec.WhereSpec;
import java.util.Map;

/** The definition. */
final class R64Where {
    private R64Where() {}

    static Map<String, Expected> expected(WhereSpec spec, Inputs in) {
        double[] mask = in.get("mask");
        double[] dst = new double[mask.length];
        for (int i = 0; i < dst.length; i++) {
            if (mask[i] == 0) {
                dst[i] = in.get("b")[spec.oneB() ? 0 : i];
            } else {
                dst[i] = in.get("a")[spec.oneA() ? 0 : i];
            }
        }
        return Map.of("dst", Expected.bits(dst));
    }
}
