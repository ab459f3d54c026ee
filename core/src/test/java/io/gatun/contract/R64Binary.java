package io.gatun.contract;

import io.gatun.spec.BinarySpec;
import java.util.Map;

/** a op b; one float operation, so the double rounded once is the only right answer. */
final class R64Binary {
    private R64Binary() {}

    static Map<String, Expected> expected(BinarySpec spec, Inputs in) {
        double[] a = in.get("a");
        double[] b = in.get("b");
        int cols = (int) spec.cols();
        double[] dst = new double[a.length];
        for (int i = 0; i < dst.length; i++) {
            double other =
                    switch (spec.broadcast()) {
                        case NONE -> b[i];
                        case ROW -> b[i % cols];
                        case COLUMN -> b[i / cols];
                        case SCALAR -> b[0];
                    };
            dst[i] = switch (spec.op()) {
                case ADD -> a[i] + other;
                case SUB -> a[i] - other;
                case MUL -> a[i] * other;
                case DIV -> a[i] / other;
                case MAX -> Math.max(a[i], other);
                case MIN -> Math.min(a[i], other);
                case SHARE ->
                    Double.isNaN(a[i] + other) && Double.isNaN(a[i] - other)
                            ? Double.NaN
                            : (1 + Double.compare(a[i] + 0.0, other + 0.0)) / 2.0;
            };
        }
        return Map.of("dst", Expected.bits(dst));
    }
}
