package io.gatun.contract;

import io.gatun.spec.AdamSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One Adam step by PyTorch's rule, within 4 ulp of the largest of the numbers that are added and their sum: where
 * they cancel, the rounding of each is many ulp of what is left.
 */
final class R64Adam {
    private R64Adam() {}

    static Map<String, Expected> expected(AdamSpec s, Inputs in) {
        int count = (int) s.count();
        double[] hyper = in.get("hyper");
        double lr = hyper[0];
        double[] params = in.get("params").clone();
        double[] m = in.get("m").clone();
        double[] v = in.get("v").clone();
        double[] most = s.amsgrad() ? in.get("vMax").clone() : v;
        double[] unit = new double[count];
        double[] mUnit = new double[count];
        double[] vUnit = new double[count];
        double[] reach = new double[count];
        for (int i = 0; i < count; i++) {
            double decay = i < s.decayed() && s.weightDecay() != 0 ? s.weightDecay() * params[i] : 0;
            double shrunk = s.decoupled() ? lr * decay : 0;
            Steps64 step = Steps64.gradient(hyper[1] * in.get("grads")[i], s.clip(), s.decoupled() ? 0 : decay);
            double g = step.g();
            double kept = s.beta1() * m[i];
            double fresh = 1 - (double) s.beta1();
            double mLargest = Math.max(Math.abs(kept), Math.abs(fresh * step.largest()));
            m[i] = kept + fresh * g;
            mUnit[i] = Expected.ulp(Math.max(mLargest, Math.abs(m[i])));
            double share = 1 - (double) s.beta2();
            // An infinite square makes the step 0.
            v[i] = Steps64.stored(s.beta2() * v[i] + share * g * g);
            vUnit[i] = Expected.ulp(v[i]) + Expected.U * Expected.size(share * g * step.largest());
            if (s.amsgrad()) {
                most[i] = Math.max(most[i], v[i]);
            }
            double denominator = Math.sqrt(most[i]) * hyper[3] + s.eps();
            double moved = hyper[2] * m[i] / denominator;
            double largest = Math.max(Math.abs(params[i]), hyper[2] * mLargest / denominator);
            reach[i] = Math.abs(params[i]) + step.reach() + Math.abs(shrunk);
            params[i] = params[i] - shrunk - moved;
            unit[i] = Expected.ulp(Math.max(largest, Math.abs(params[i])))
                    + (s.decoupled() ? 0 : Expected.U / 4 * step.relative(share, most[i]) * Expected.size(moved));
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("params", Expected.of(params, i -> 4.5 * unit[i]).reaching(i -> reach[i]));
        out.put("m", Expected.of(m, i -> 4.5 * mUnit[i]).reaching(i -> reach[i]));
        out.put("v", Expected.of(v, i -> 4.5 * vUnit[i]).reaching(i -> reach[i]));
        if (s.amsgrad()) {
            out.put("vMax", Expected.of(most, i -> 4.5 * vUnit[i]).reaching(i -> reach[i]));
        }
        return out;
    }
}
