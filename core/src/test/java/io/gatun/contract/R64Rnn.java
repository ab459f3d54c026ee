package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.spec.Activation;
import io.gatun.spec.Pass;
import io.gatun.spec.RnnSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** One plain recurrent layer, number by number, and its backward pass through time. */
final class R64Rnn {
    private final RnnSpec s;
    private final Inputs in;
    /** What states are stored as. */
    private final DType storage;

    private final double[] h0;
    private final boolean relu;
    /** The state after each step, [t][b][h], and what it would be if all terms were positive, before each step too. */
    private final double[][][] hidden;

    private final double[][][] hiddenSize;
    /** The first step of each row at which a state of ReLU may overflow as a float: from there on there is no float answer. */
    private final int[] overflow;

    private R64Rnn(RnnSpec s, Inputs in, DType storage) {
        this.s = s;
        this.in = in;
        this.storage = storage;
        this.h0 = in.get("h0");
        this.relu = s.activation().kind() == Activation.Kind.RELU;
        this.hidden = new double[s.t()][s.b()][s.h()];
        this.hiddenSize = new double[s.t() + 1][s.b()][s.h()];
        this.overflow = new int[s.b()];
    }

    static Map<String, Expected> expected(RnnSpec s, Inputs in) {
        return expected(s, in, DType.F32);
    }

    /** With states rounded to the storage when they are known. */
    static Map<String, Expected> expected(RnnSpec s, Inputs in, DType storage) {
        R64Rnn rnn = new R64Rnn(s, in, storage);
        rnn.forward();
        return s.pass() == Pass.BACKWARD ? rnn.backward() : rnn.outputs();
    }

    private double before(int t, int b, int k) {
        return t == 0 ? h0[b * s.h() + k] : hidden[t - 1][b][k];
    }

    private void forward() {
        for (int b = 0; b < s.b(); b++) {
            overflow[b] = s.t();
            for (int k = 0; k < s.h(); k++) {
                hiddenSize[0][b][k] = Expected.size(before(0, b, k));
            }
        }
        for (int t = 0; t < s.t(); t++) {
            for (int b = 0; b < s.b(); b++) {
                for (int k = 0; k < s.h(); k++) {
                    unit(t, b, k);
                }
            }
        }
    }

    private void unit(int t, int b, int k) {
        double[] src = in.get("src");
        double[] ih = in.get("weightsIh");
        double[] hh = in.get("weightsHh");
        double biasIh = in.get("biasIh")[k];
        double biasHh = in.get("biasHh")[k];
        double sum = biasIh + biasHh;
        double size = Expected.size(biasIh) + Expected.size(biasHh);
        for (int j = 0; j < s.i(); j++) {
            double term = src[(t * s.b() + b) * s.i() + j] * ih[k * s.i() + j];
            sum += term;
            size += Expected.size(term);
        }
        for (int j = 0; j < s.h(); j++) {
            double weight = hh[k * s.h() + j];
            sum += before(t, b, j) * weight;
            size += Expected.size(hiddenSize[t][b][j] * weight);
        }
        hidden[t][b][k] = R64Sums.stored(storage, relu ? Math.max(sum, 0) : Math.tanh(sum));
        hiddenSize[t + 1][b][k] = relu ? size : Math.min(1, size);
        if (relu && Expected.overflows(size)) {
            overflow[b] = Math.min(overflow[b], t);
        }
    }

    private double step() {
        return R64Sums.step(s.i(), s.h(), s.t());
    }

    private Map<String, Expected> outputs() {
        int width = s.b() * s.h();
        double[] dst = new double[s.t() * width];
        double[] size = new double[dst.length + width];
        double[] hn = new double[width];
        for (int i = 0; i < size.length; i++) {
            size[i] = hiddenSize[i / width][i % width / s.h()][i % s.h()];
        }
        for (int i = 0; i < dst.length; i++) {
            dst[i] = hidden[i / width][i % width / s.h()][i % s.h()];
        }
        for (int i = 0; i < width; i++) {
            hn[i] = before(s.t(), i / s.h(), i % s.h());
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("dst", states(dst, size, width));
        out.put("hn", s.t() == 0 ? Expected.bits(hn) : states(hn, size, dst.length));
        return out;
    }

    /** A ReLU keeps the error of its sum, a share of the terms' magnitudes; a tanh is off by its own share too. */
    private Expected states(double[] value, double[] size, int from) {
        int width = s.b() * s.h();
        double flips = R64Sums.flips(storage);
        return Expected.of(value, i -> ((i + from) / width * step() + flips) * (relu ? size[i + from] : 1))
                .reaching(i -> {
                    boolean lost = (i + from) / width - 1 > overflow[i % width / s.h()];
                    return lost ? Double.NaN : relu ? size[i + from] : 0;
                });
    }

    private Map<String, Expected> backward() {
        int h = s.h();
        int inputs = s.i();
        double[] src = in.get("src");
        double[] ih = in.get("weightsIh");
        double[] hh = in.get("weightsHh");
        R64Sums diffSrc = new R64Sums(src.length);
        R64Sums diffIh = new R64Sums(ih.length);
        R64Sums diffHh = new R64Sums(hh.length);
        R64Sums diffBias = new R64Sums(h);
        R64Sums diffH = new R64Sums(in.get("diffHn"));
        boolean lost = Arrays.stream(overflow).anyMatch(first -> first < s.t());
        for (int t = s.t() - 1; t >= 0; t--) {
            for (int b = 0; b < s.b(); b++) {
                R64Sums sums = sums(t, b, diffH);
                lost |= sums.beyond(storage);
                for (int q = 0; q < h; q++) {
                    double d = sums.value[q];
                    double size = sums.size[q];
                    diffBias.add(q, d, size);
                    for (int k = 0; k < inputs; k++) {
                        int at = (t * s.b() + b) * inputs + k;
                        diffSrc.add(at, d * ih[q * inputs + k], size * Math.abs(ih[q * inputs + k]));
                        diffIh.add(q * inputs + k, d * src[at], size * Math.abs(src[at]));
                    }
                    for (int k = 0; k < h; k++) {
                        diffH.add(b * h + k, d * hh[q * h + k], size * Math.abs(hh[q * h + k]));
                        double before = before(t, b, k);
                        diffHh.add(q * h + k, d * before, size * Math.max(Math.abs(before), hiddenSize[t][b][k]));
                    }
                }
            }
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        if (!s.constantSrc()) {
            out.put("diffSrc", gradient(diffSrc, lost));
        }
        out.put("diffH0", gradient(diffH, lost));
        out.put("diffWeightsIh", gradient(diffIh, lost));
        out.put("diffWeightsHh", gradient(diffHh, lost));
        out.put("diffBiasIh", gradient(diffBias, lost));
        out.put("diffBiasHh", gradient(diffBias, lost));
        return out;
    }

    /** h = act(s): d(s) = d(h) act'; diffH begins anew. */
    private R64Sums sums(int t, int b, R64Sums diffH) {
        R64Sums sums = new R64Sums(s.h());
        for (int k = 0; k < s.h(); k++) {
            int at = b * s.h() + k;
            double given = in.get("diffDst")[(t * s.b() + b) * s.h() + k];
            double dh = diffH.value[at] + given;
            double dhSize = diffH.size[at] + Expected.size(given);
            double y = hidden[t][b][k];
            if (relu) {
                sums.set(k, Double.isNaN(y) ? y : y > 0 ? dh : dh * 0, y > 0 ? dhSize : 0);
            } else {
                sums.set(k, dh * (1 - y * y), dhSize * (1 - y * y) + Math.abs(dh) * (1 + y * y));
            }
            diffH.set(at, 0, 0);
        }
        return sums;
    }

    private Expected gradient(R64Sums sums, boolean lost) {
        Expected gradient = sums.gradient(step(), s.t(), s.b(), s.h(), storage);
        return lost ? gradient.reaching(i -> Double.NaN) : gradient;
    }
}
