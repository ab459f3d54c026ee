package io.gatun.contract;

import io.gatun.spec.AdagradSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/** One AdaGrad step by PyTorch's rule, within 4 ulp of the largest of the numbers that are added and their sum. */
final class R64Adagrad {
    private R64Adagrad() {}

    static Map<String, Expected> expected(AdagradSpec s, Inputs in) {
        int count = (int) s.count();
        double[] hyper = in.get("hyper");
        double[] params = in.get("params").clone();
        double[] sum = in.get("sum").clone();
        double[] unit = new double[count];
        double[] sumUnit = new double[count];
        double[] reach = new double[count];
        for (int i = 0; i < count; i++) {
            double decay = i < s.decayed() && s.weightDecay() != 0 ? s.weightDecay() * params[i] : 0;
            Steps64 step = Steps64.gradient(hyper[1] * in.get("grads")[i], s.clip(), decay);
            double g = step.g();
            sum[i] = Steps64.stored(sum[i] + g * g);
            sumUnit[i] = Expected.ulp(sum[i]) + 2 * Expected.U * Expected.size(g * step.largest());
            double denominator = Math.sqrt(sum[i]) + s.eps();
            double moved = hyper[0] * g / denominator;
            double largest = Math.max(Math.abs(params[i]), hyper[0] * step.largest() / denominator);
            reach[i] = Math.abs(params[i]) + step.reach();
            params[i] = params[i] - moved;
            unit[i] = Expected.ulp(Math.max(largest, Math.abs(params[i])))
                    + Expected.U / 4 * step.relative(1, sum[i]) * Expected.size(moved);
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("params", Expected.of(params, i -> 4.5 * unit[i]).reaching(i -> reach[i]));
        out.put("sum", Expected.of(sum, i -> 4.5 * sumUnit[i]).reaching(i -> reach[i]));
        return out;
    }
}
