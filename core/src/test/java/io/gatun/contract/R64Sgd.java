package io.gatun.contract;

import io.gatun.spec.SgdSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/** One SGD step by PyTorch's rule. */
final class R64Sgd {
    private R64Sgd() {}

    static Map<String, Expected> expected(SgdSpec s, Inputs in) {
        int count = (int) s.count();
        double[] hyper = in.get("hyper");
        double lr = hyper[0];
        double[] params = in.get("params").clone();
        double[] terms = new double[count];
        double[] buffer = s.momentum() > 0 ? in.get("momentumBuffer").clone() : null;
        double[] bufferTerms = new double[count];
        for (int i = 0; i < count; i++) {
            double scaled = hyper[1] * in.get("grads")[i];
            double decay = i < s.decayed() && s.weightDecay() != 0 ? s.weightDecay() * params[i] : 0;
            double g = scaled + decay;
            double magnitude = Math.abs(scaled) + Math.abs(decay);
            if (buffer != null) {
                double old = buffer[i];
                buffer[i] = hyper[2] != 0 ? g : s.momentum() * old + (1 - s.dampening()) * g;
                bufferTerms[i] = hyper[2] != 0
                        ? magnitude
                        : Math.abs(s.momentum() * old) + Math.abs(1 - s.dampening()) * magnitude;
                g = s.nesterov() ? g + s.momentum() * buffer[i] : buffer[i];
                magnitude = s.nesterov() ? magnitude + s.momentum() * bufferTerms[i] : bufferTerms[i];
            }
            terms[i] = Math.abs(params[i]) + Math.abs(lr) * magnitude;
            params[i] -= lr * g;
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("params", Expected.of(params, i -> 4 * Expected.U * terms[i]));
        out.put("grads", Expected.exact(new double[count]));
        if (buffer != null) {
            out.put("momentumBuffer", Expected.of(buffer, i -> 4 * Expected.U * bufferTerms[i]));
        }
        return out;
    }
}
