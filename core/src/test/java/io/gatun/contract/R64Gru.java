package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.spec.GruSpec;
import io.gatun.spec.Pass;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/** One GRU layer, number by number, and its backward pass through time. */
final class R64Gru {
    private final GruSpec s;
    private final Inputs in;
    /** What states are stored as. */
    private final DType storage;

    private final double[] h0;
    /** Of each step and row: the gates r, z, n and what r multiplies, [t][b][4h]; the state after it, [t][b][h]. */
    private final double[][][] gates;

    private final double[][][] hidden;
    /** What n, the product that r multiplies, and h would be if all their terms were positive; h before each step too. */
    private final double[][][] candidateSize;

    private final double[][][] resetSize;
    private final double[][][] hiddenSize;
    /**
     * The first step at which what r multiplies may overflow as a float while the true sum does not; from there on there
     * is no float answer: an r of 0 makes NaN of it.
     */
    private final int[] overflow;

    private R64Gru(GruSpec s, Inputs in, DType storage) {
        this.s = s;
        this.in = in;
        this.storage = storage;
        this.h0 = in.get("h0");
        this.gates = new double[s.t()][s.b()][4 * s.h()];
        this.hidden = new double[s.t()][s.b()][s.h()];
        this.candidateSize = new double[s.t()][s.b()][s.h()];
        this.resetSize = new double[s.t()][s.b()][s.h()];
        this.hiddenSize = new double[s.t() + 1][s.b()][s.h()];
        this.overflow = new int[s.b()];
    }

    static Map<String, Expected> expected(GruSpec s, Inputs in) {
        return expected(s, in, DType.F32);
    }

    /** With states rounded to the storage when they are known. */
    static Map<String, Expected> expected(GruSpec s, Inputs in, DType storage) {
        R64Gru gru = new R64Gru(s, in, storage);
        for (int b = 0; b < s.b(); b++) {
            int row = b;
            gru.overflow[b] = s.t();
            Arrays.setAll(gru.hiddenSize[0][b], k -> Expected.size(gru.h0[row * s.h() + k]));
        }
        for (int t = 0; t < s.t(); t++) {
            for (int b = 0; b < s.b(); b++) {
                gru.step(t, b);
            }
        }
        return s.pass() == Pass.BACKWARD ? gru.backward() : gru.outputs();
    }

    private double[] hiddenBefore(int t, int b) {
        return t == 0 ? Arrays.copyOfRange(h0, b * s.h(), (b + 1) * s.h()) : hidden[t - 1][b];
    }

    private void step(int t, int b) {
        int h = s.h();
        double[] src = in.get("src");
        double[] ih = in.get("weightsIh");
        double[] hh = in.get("weightsHh");
        double[] biasIh = in.get("biasIh");
        double[] biasHh = in.get("biasHh");
        double[] before = hiddenBefore(t, b);
        double[] beforeSize = hiddenSize[t][b];
        double[] x = new double[3 * h];
        double[] xSize = new double[3 * h];
        double[] y = new double[3 * h];
        double[] ySize = new double[3 * h];
        for (int q = 0; q < 3 * h; q++) {
            double sum = biasIh[q];
            double size = Expected.size(sum);
            for (int k = 0; k < s.i(); k++) {
                double term = src[(t * s.b() + b) * s.i() + k] * ih[q * s.i() + k];
                sum += term;
                size += Expected.size(term);
            }
            x[q] = sum;
            xSize[q] = size;
            sum = biasHh[q];
            size = Expected.size(sum);
            for (int k = 0; k < h; k++) {
                double weight = hh[q * h + k];
                sum += before[k] * weight;
                size += Expected.size(beforeSize[k] * weight);
            }
            y[q] = sum;
            ySize[q] = size;
        }
        double[] gate = gates[t][b];
        for (int k = 0; k < h; k++) {
            double r = sigmoid(x[k] + y[k]);
            double z = sigmoid(x[h + k] + y[h + k]);
            double n = Math.tanh(x[2 * h + k] + r * y[2 * h + k]);
            gate[k] = r;
            gate[h + k] = z;
            gate[2 * h + k] = n;
            gate[3 * h + k] = y[2 * h + k];
            hidden[t][b][k] = R64Sums.stored(storage, (1 - z) * n + z * before[k]);
            resetSize[t][b][k] = ySize[2 * h + k];
            candidateSize[t][b][k] = Math.min(1, xSize[2 * h + k] + Expected.size(r * ySize[2 * h + k]));
            hiddenSize[t + 1][b][k] =
                    Expected.size((1 - z) * candidateSize[t][b][k]) + Expected.size(z * beforeSize[k]);
            if (Expected.overflows(ySize[2 * h + k])) {
                overflow[b] = Math.min(overflow[b], t);
            }
        }
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private double step() {
        return R64Sums.step(s.i(), s.h(), s.t());
    }

    /** A state before all steps may be of any size, and what a gate of 1 keeps of it is off by its own share. */
    private Expected states(double[] value, int h, IntUnaryOperator step) {
        double flips = R64Sums.flips(storage);
        return Expected.of(value, i -> (step.applyAsInt(i) * step() + flips) * Math.max(1, Expected.size(value[i])))
                .reaching(i -> step.applyAsInt(i) > overflow[i / h % s.b()] ? Double.NaN : 0);
    }

    private Map<String, Expected> outputs() {
        int h = s.h();
        double[] dst = new double[s.t() * s.b() * h];
        double[] hn = new double[s.b() * h];
        for (int b = 0; b < s.b(); b++) {
            for (int k = 0; k < h; k++) {
                for (int t = 0; t < s.t(); t++) {
                    dst[(t * s.b() + b) * h + k] = hidden[t][b][k];
                }
            }
            System.arraycopy(hiddenBefore(s.t(), b), 0, hn, b * h, h);
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("dst", states(dst, h, i -> 1 + i / (s.b() * h)));
        out.put("hn", s.t() == 0 ? Expected.bits(hn) : states(hn, h, i -> s.t()));
        return out;
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
        R64Sums diffBiasIh = new R64Sums(3 * h);
        R64Sums diffBiasHh = new R64Sums(3 * h);
        R64Sums diffH = new R64Sums(in.get("diffHn"));
        boolean lost = Arrays.stream(overflow).anyMatch(first -> first < s.t());
        for (int t = s.t() - 1; t >= 0; t--) {
            for (int b = 0; b < s.b(); b++) {
                R64Sums x = new R64Sums(3 * h);
                R64Sums y = new R64Sums(3 * h);
                gates(t, b, diffH, x, y);
                double[] before = hiddenBefore(t, b);
                double[] beforeSize = hiddenSize[t][b];
                lost |= x.beyond(storage) || y.beyond(storage);
                for (int q = 0; q < 3 * h; q++) {
                    diffBiasIh.add(q, x.value[q], x.size[q]);
                    diffBiasHh.add(q, y.value[q], y.size[q]);
                    for (int k = 0; k < inputs; k++) {
                        int at = (t * s.b() + b) * inputs + k;
                        double weight = ih[q * inputs + k];
                        diffSrc.add(at, x.value[q] * weight, x.size[q] * Math.abs(weight));
                        diffIh.add(q * inputs + k, x.value[q] * src[at], x.size[q] * Math.abs(src[at]));
                    }
                    for (int k = 0; k < h; k++) {
                        double weight = hh[q * h + k];
                        diffH.add(b * h + k, y.value[q] * weight, y.size[q] * Math.abs(weight));
                        diffHh.add(
                                q * h + k,
                                y.value[q] * before[k],
                                y.size[q] * Math.max(Math.abs(before[k]), beforeSize[k]));
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
        out.put("diffBiasIh", gradient(diffBiasIh, lost));
        out.put("diffBiasHh", gradient(diffBiasHh, lost));
        return out;
    }

    /** h = (1 - z) n + z h', n = tanh(x_n + r y_n): the gradients of x and y; diffH becomes what goes past the gates. */
    private void gates(int t, int b, R64Sums diffH, R64Sums x, R64Sums y) {
        int h = s.h();
        double[] gate = gates[t][b];
        double[] before = hiddenBefore(t, b);
        double[] diffDst = in.get("diffDst");
        for (int k = 0; k < h; k++) {
            int at = b * h + k;
            double r = gate[k];
            double z = gate[h + k];
            double n = gate[2 * h + k];
            double reset = gate[3 * h + k];
            double given = diffDst[(t * s.b() + b) * h + k];
            double dh = diffH.value[at] + given;
            double dhSize = diffH.size[at] + Expected.size(given);
            double dn = dh * (1 - z) * (1 - n * n);
            double dnSize =
                    (dhSize * (1 - z) + Math.abs(dh) * (1 + z)) * (1 - n * n) + Math.abs(dh) * (1 - z) * (1 + n * n);
            double slope = z * (1 - z);
            double dzSize =
                    (dhSize * (1 - z) + Math.abs(dh) * (1 + z)) * z * (hiddenSize[t][b][k] + candidateSize[t][b][k]);
            double drSize = (dnSize * (1 - r) + Math.abs(dn) * (1 + r)) * r * resetSize[t][b][k];
            x.set(k, dn * reset * (r * (1 - r)), drSize);
            x.set(h + k, dh * (before[k] - n) * slope, dzSize);
            x.set(2 * h + k, dn, dnSize);
            y.set(k, x.value[k], drSize);
            y.set(h + k, x.value[h + k], dzSize);
            y.set(2 * h + k, dn * r, dnSize * r);
            diffH.set(at, dh * z, dhSize * z);
        }
    }

    private Expected gradient(R64Sums sums, boolean lost) {
        Expected gradient = sums.gradient(step(), s.t(), s.b(), 3 * s.h(), storage);
        return lost ? gradient.reaching(i -> Double.NaN) : gradient;
    }
}
