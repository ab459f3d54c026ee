package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** One LSTM layer, number by number, and its backward pass through time. */
final class R64Lstm {
    private final LstmSpec s;
    private final Inputs in;
    /** What states are stored as. */
    private final DType storage;

    private final double[] h0;
    private final double[] c0;
    /** Activated gates i, f, g, o of each step and row: [t][b][4h]; states after it: [t][b][h]. */
    private final double[][][] gates;

    private final double[][][] cells;
    /** What g, c and h would be if all their terms were positive; of c and h also before the first step. */
    private final double[][][] candidateSize;

    private final double[][][] cellSize;
    private final double[][][] hiddenSize;
    private final double[][][] hidden;

    private R64Lstm(LstmSpec s, Inputs in, DType storage) {
        this.s = s;
        this.in = in;
        this.storage = storage;
        this.h0 = in.get("h0");
        this.c0 = in.get("c0");
        this.gates = new double[s.t()][s.b()][4 * s.h()];
        this.cells = new double[s.t()][s.b()][s.h()];
        this.hidden = new double[s.t()][s.b()][s.h()];
        this.candidateSize = new double[s.t()][s.b()][s.h()];
        this.cellSize = new double[s.t() + 1][s.b()][s.h()];
        this.hiddenSize = new double[s.t() + 1][s.b()][s.h()];
    }

    static Map<String, Expected> expected(LstmSpec s, Inputs in) {
        return expected(s, in, DType.F32);
    }

    /** With states rounded to the storage when they are known. */
    static Map<String, Expected> expected(LstmSpec s, Inputs in, DType storage) {
        R64Lstm lstm = new R64Lstm(s, in, storage);
        lstm.forward();
        return s.pass() == Pass.BACKWARD ? lstm.backward() : lstm.outputs();
    }

    private double[] hiddenBefore(int t, int b) {
        return t == 0 ? Arrays.copyOfRange(h0, b * s.h(), (b + 1) * s.h()) : hidden[t - 1][b];
    }

    private double cellBefore(int t, int b, int k) {
        return t == 0 ? c0[b * s.h() + k] : cells[t - 1][b][k];
    }

    private void forward() {
        double[] src = in.get("src");
        double[] ih = in.get("weightsIh");
        double[] hh = in.get("weightsHh");
        double[] bias = in.get("bias");
        int h = s.h();
        for (int b = 0; b < s.b(); b++) {
            for (int k = 0; k < h; k++) {
                cellSize[0][b][k] = Expected.size(c0[b * h + k]);
                hiddenSize[0][b][k] = Expected.size(h0[b * h + k]);
            }
        }
        for (int t = 0; t < s.t(); t++) {
            for (int b = 0; b < s.b(); b++) {
                double[] gate = gates[t][b];
                double[] before = hiddenBefore(t, b);
                double[] beforeSize = hiddenSize[t][b];
                for (int q = 0; q < 4 * h; q++) {
                    double sum = bias[q];
                    double size = Expected.size(sum);
                    for (int k = 0; k < s.i(); k++) {
                        double term = src[(t * s.b() + b) * s.i() + k] * ih[q * s.i() + k];
                        sum += term;
                        size += Expected.size(term);
                    }
                    for (int k = 0; k < h; k++) {
                        double weight = hh[q * h + k];
                        sum += before[k] * weight;
                        size += Expected.size(beforeSize[k] * weight);
                    }
                    if (q / h == 2) {
                        candidateSize[t][b][q % h] = size;
                    }
                    gate[q] = q / h == 2 ? Math.tanh(sum) : 1 / (1 + Math.exp(-sum));
                }
                for (int k = 0; k < h; k++) {
                    cells[t][b][k] = gate[h + k] * cellBefore(t, b, k) + gate[k] * gate[2 * h + k];
                    hidden[t][b][k] = R64Sums.stored(storage, gate[3 * h + k] * Math.tanh(cells[t][b][k]));
                    double added = gate[k] * Math.min(1, candidateSize[t][b][k]);
                    cellSize[t + 1][b][k] = Expected.size(gate[h + k] * cellSize[t][b][k] + added);
                    hiddenSize[t + 1][b][k] = gate[3 * h + k] * Math.min(1, cellSize[t + 1][b][k]);
                }
            }
        }
    }

    private double step() {
        return R64Sums.step(s.i(), s.h(), s.t());
    }

    /** The largest that a state can be while a step rounds it: a gate's sigmoid is 1 at most. */
    private static double scale(double value) {
        return Math.max(1, Expected.size(value));
    }

    private Map<String, Expected> outputs() {
        int h = s.h();
        double[] dst = new double[s.t() * s.b() * h];
        double[] hn = new double[s.b() * h];
        double[] cn = new double[s.b() * h];
        for (int b = 0; b < s.b(); b++) {
            for (int k = 0; k < h; k++) {
                for (int t = 0; t < s.t(); t++) {
                    dst[(t * s.b() + b) * h + k] = hidden[t][b][k];
                }
                cn[b * h + k] = cellBefore(s.t(), b, k);
            }
            System.arraycopy(hiddenBefore(s.t(), b), 0, hn, b * h, h);
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        int width = s.b() * h;
        double flips = R64Sums.flips(storage);
        out.put("dst", Expected.of(dst, i -> (1 + i / width) * step() + flips));
        out.put("hn", s.t() == 0 ? Expected.bits(hn) : Expected.of(hn, i -> s.t() * step() + flips));
        out.put("cn", s.t() == 0 ? Expected.bits(cn) : Expected.of(cn, i -> (s.t() * step() + flips) * scale(cn[i])));
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
        R64Sums diffBias = new R64Sums(4 * h);
        R64Sums diffH = new R64Sums(in.get("diffHn"));
        R64Sums diffC = new R64Sums(in.get("diffCn"));
        boolean lost = false;
        for (int t = s.t() - 1; t >= 0; t--) {
            for (int b = 0; b < s.b(); b++) {
                R64Sums pre = gates(t, b, diffH, diffC);
                lost |= pre.beyond(storage);
                double[] before = hiddenBefore(t, b);
                double[] beforeSize = hiddenSize[t][b];
                for (int q = 0; q < 4 * h; q++) {
                    double p = pre.value[q];
                    double size = pre.size[q];
                    diffBias.add(q, p, size);
                    for (int k = 0; k < inputs; k++) {
                        int at = (t * s.b() + b) * inputs + k;
                        diffSrc.add(at, p * ih[q * inputs + k], size * Math.abs(ih[q * inputs + k]));
                        diffIh.add(q * inputs + k, p * src[at], size * Math.abs(src[at]));
                    }
                    for (int k = 0; k < h; k++) {
                        diffH.add(b * h + k, p * hh[q * h + k], size * Math.abs(hh[q * h + k]));
                        diffHh.add(q * h + k, p * before[k], size * Math.max(Math.abs(before[k]), beforeSize[k]));
                    }
                }
            }
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        if (!s.constantSrc()) {
            out.put("diffSrc", gradient(diffSrc, lost));
        }
        out.put("diffH0", gradient(diffH, lost));
        out.put("diffC0", gradient(diffC, lost));
        out.put("diffWeightsIh", gradient(diffIh, lost));
        out.put("diffWeightsHh", gradient(diffHh, lost));
        out.put("diffBias", gradient(diffBias, lost));
        return out;
    }

    /** h = o tanh(c), c = f c' + i g: the gradient of the gates before their activation; diffC becomes that of c'. */
    private R64Sums gates(int t, int b, R64Sums diffH, R64Sums diffC) {
        int h = s.h();
        double[] gate = gates[t][b];
        double[] diffDst = in.get("diffDst");
        R64Sums pre = new R64Sums(4 * h);
        for (int k = 0; k < h; k++) {
            int at = b * h + k;
            double i = gate[k];
            double f = gate[h + k];
            double g = gate[2 * h + k];
            double o = gate[3 * h + k];
            double tanh = Math.tanh(cells[t][b][k]);
            double before = cellBefore(t, b, k);
            double given = diffDst[(t * s.b() + b) * h + k];
            double dh = diffH.value[at] + given;
            double dhSize = diffH.size[at] + Expected.size(given);
            double slope = 1 - tanh * tanh;
            double dc = diffC.value[at] + dh * o * slope;
            double dcSize = diffC.size[at] + dhSize * o * slope + Math.abs(dh) * o * (1 + tanh * tanh);
            double gSize = Math.min(1, candidateSize[t][b][k]);
            pre.set(k, dc * g * i * (1 - i), (dcSize * (1 - i) + Math.abs(dc) * (1 + i)) * gSize * i);
            pre.set(
                    h + k,
                    dc * before * f * (1 - f),
                    (dcSize * (1 - f) + Math.abs(dc) * (1 + f)) * cellSize[t][b][k] * f);
            pre.set(2 * h + k, dc * i * (1 - g * g), (dcSize * (1 - g * g) + Math.abs(dc) * (1 + g * g)) * i);
            pre.set(
                    3 * h + k,
                    dh * tanh * o * (1 - o),
                    (dhSize * (1 - o) + Math.abs(dh) * (1 + o)) * Math.min(1, cellSize[t + 1][b][k]) * o);
            diffC.set(at, dc * f, dcSize * f);
            diffH.set(at, 0, 0);
        }
        return pre;
    }

    private Expected gradient(R64Sums sums, boolean lost) {
        Expected gradient = sums.gradient(step(), s.t(), s.b(), 4 * s.h(), storage);
        return lost ? gradient.reaching(i -> Double.NaN) : gradient;
    }
}
