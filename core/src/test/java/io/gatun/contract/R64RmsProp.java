package io.gatun.contract;

import io.gatun.spec.RmsPropSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One RMSProp step, within 4 ulp of the largest of the numbers that are added and their sum, and what the rounding of
 * square - mean² does to its root.
 */
final class R64RmsProp {
    private R64RmsProp() {}

    static Map<String, Expected> expected(RmsPropSpec s, Inputs in) {
        int count = (int) s.count();
        double lr = in.get("hyper")[0];
        double[] params = in.get("params").clone();
        double[] square = in.get("square").clone();
        double[] mean = s.centered() ? in.get("mean").clone() : null;
        double[] buffer = s.momentum() > 0 ? in.get("momentumBuffer").clone() : null;
        double[][] unit = new double[4][count];
        double[] reach = new double[count];
        double fresh = 1 - (double) s.alpha();
        for (int i = 0; i < count; i++) {
            double decay = i < s.decayed() && s.weightDecay() != 0 ? s.weightDecay() * params[i] : 0;
            Steps64 step = Steps64.gradient(in.get("hyper")[1] * in.get("grads")[i], s.clip(), decay);
            double g = step.g();
            square[i] = Steps64.stored(s.alpha() * square[i] + fresh * g * g);
            unit[1][i] = Expected.ulp(square[i]) + Expected.U * Expected.size(fresh * g * step.largest());
            double left = square[i];
            if (mean != null) {
                double kept = s.alpha() * mean[i];
                mean[i] = kept + fresh * g;
                unit[2][i] = Expected.ulp(Math.max(Math.abs(kept), fresh * step.largest()));
                double centre = Steps64.stored(mean[i] * mean[i]);
                left = Math.max(square[i] - centre, 0);
            }
            double root = s.inside() ? Math.sqrt(left + s.eps()) : Math.sqrt(left) + s.eps();
            double d = g / root;
            double dLargest = step.largest() / root;
            double rooted = left == 0 ? 0 : Expected.size(square[i] / left) * step.relative(fresh, square[i]);
            double dUnit = Expected.ulp(dLargest) + Expected.U / 4 * rooted * Expected.size(d);
            if (buffer != null) {
                double kept = s.momentum() * buffer[i];
                buffer[i] = kept + d;
                dUnit += Expected.ulp(Math.max(Math.abs(kept), Math.abs(buffer[i])));
                unit[3][i] = dUnit;
                d = buffer[i];
            }
            double moved = params[i] - lr * d;
            unit[0][i] = Expected.ulp(Math.max(Math.abs(params[i]), Math.abs(moved))) + lr * dUnit;
            reach[i] = Math.abs(params[i]) + step.reach();
            params[i] = moved;
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        put(out, "params", params, unit[0], reach);
        put(out, "square", square, unit[1], reach);
        put(out, "mean", mean, unit[2], reach);
        put(out, "momentumBuffer", buffer, unit[3], reach);
        return out;
    }

    private static void put(Map<String, Expected> out, String name, double[] value, double[] unit, double[] reach) {
        if (value != null) {
            out.put(name, Expected.of(value, i -> 4.5 * unit[i]).reaching(i -> reach[i]));
        }
    }
}
