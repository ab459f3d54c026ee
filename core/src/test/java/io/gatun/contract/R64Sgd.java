package io.gatun.contract;

import io.gatun.spec.SgdSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One SGD step by PyTorch's rule, within 4 ulp of the largest of the numbers that are added and their sum: where
 * they cancel, the rounding of each is many ulp of what is left.
 */
final class R64Sgd {
    private R64Sgd() {}

    static Map<String, Expected> expected(SgdSpec s, Inputs in) {
        int count = (int) s.count();
        double[] hyper = in.get("hyper");
        double lr = hyper[0];
        double[] params = in.get("params").clone();
        double[] unit = new double[count];
        double[] reach = new double[count];
        double[] buffer = s.momentum() > 0 ? in.get("momentumBuffer").clone() : null;
        double[] bufferUnit = new double[count];
        for (int i = 0; i < count; i++) {
            double scaled = hyper[1] * in.get("grads")[i];
            double decay = i < s.decayed() && s.weightDecay() != 0 ? s.weightDecay() * params[i] : 0;
            double g = scaled + decay;
            double largest = Math.max(Math.abs(scaled), Math.abs(decay));
            if (buffer != null) {
                double old = buffer[i];
                buffer[i] = hyper[2] != 0 ? g : s.momentum() * old + (1 - s.dampening()) * g;
                double bufferLargest = hyper[2] != 0
                        ? largest
                        : Math.max(Math.abs(s.momentum() * old), Math.abs(1 - s.dampening()) * largest);
                bufferUnit[i] = Expected.ulp(bufferLargest);
                reach[i] = Math.abs(s.momentum() * old);
                g = s.nesterov() ? g + s.momentum() * buffer[i] : buffer[i];
                largest = s.nesterov() ? Math.max(largest, s.momentum() * bufferLargest) : bufferLargest;
            }
            double moved = params[i] - lr * g;
            unit[i] = Expected.ulp(Math.max(Math.abs(moved), Math.max(Math.abs(params[i]), Math.abs(lr) * largest)));
            reach[i] = 2 * (reach[i] + Math.abs(params[i]) + Math.abs(scaled) + Math.abs(decay));
            params[i] = moved;
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("params", Expected.of(params, i -> 4.5 * unit[i]).reaching(i -> reach[i]));
        if (buffer != null) {
            out.put(
                    "momentumBuffer",
                    Expected.of(buffer, i -> 4.5 * bufferUnit[i]).reaching(i -> reach[i]));
        }
        return out;
    }
}
