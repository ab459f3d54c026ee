package io.gatun.contract;

import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import java.util.LinkedHashMap;
import java.util.Map;

/** One LSTM layer, number by number, and its backward pass through time. */
final class R64Lstm {
    private final LstmSpec s;
    private final Inputs in;
    /** Activated gates i, f, g, o of each step and row: [t][b][4h]; states after it: [t][b][h]. */
    private final double[][][] gates;

    private final double[][][] cells;
    private final double[][][] hidden;

    private R64Lstm(LstmSpec s, Inputs in) {
        this.s = s;
        this.in = in;
        this.gates = new double[s.t()][s.b()][4 * s.h()];
        this.cells = new double[s.t()][s.b()][s.h()];
        this.hidden = new double[s.t()][s.b()][s.h()];
    }

    static Map<String, Expected> expected(LstmSpec s, Inputs in) {
        R64Lstm lstm = new R64Lstm(s, in);
        lstm.forward();
        return s.pass() == Pass.BACKWARD ? lstm.backward() : lstm.outputs();
    }

    private double hiddenBefore(int t, int b, int k) {
        return t == 0 ? in.get("h0")[b * s.h() + k] : hidden[t - 1][b][k];
    }

    private double cellBefore(int t, int b, int k) {
        return t == 0 ? in.get("c0")[b * s.h() + k] : cells[t - 1][b][k];
    }

    private void forward() {
        double[] src = in.get("src");
        double[] ih = in.get("weightsIh");
        double[] hh = in.get("weightsHh");
        int h = s.h();
        for (int t = 0; t < s.t(); t++) {
            for (int b = 0; b < s.b(); b++) {
                double[] gate = gates[t][b];
                for (int q = 0; q < 4 * h; q++) {
                    double sum = in.get("bias")[q];
                    for (int k = 0; k < s.i(); k++) {
                        sum += src[(t * s.b() + b) * s.i() + k] * ih[q * s.i() + k];
                    }
                    for (int k = 0; k < h; k++) {
                        sum += hiddenBefore(t, b, k) * hh[q * h + k];
                    }
                    gate[q] = q / h == 2 ? Math.tanh(sum) : 1 / (1 + Math.exp(-sum));
                }
                for (int k = 0; k < h; k++) {
                    cells[t][b][k] = gate[h + k] * cellBefore(t, b, k) + gate[k] * gate[2 * h + k];
                    hidden[t][b][k] = gate[3 * h + k] * Math.tanh(cells[t][b][k]);
                }
            }
        }
    }

    /** 4 ceil(log2(terms)) eps a step. */
    private double step() {
        double terms = Math.max(2, (double) (s.i() + s.h()) * s.t());
        return 4 * Math.ceil(Math.log(terms) / Math.log(2)) * 2 * Expected.U * Math.max(1, s.t());
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
                hn[b * h + k] = hiddenBefore(s.t(), b, k);
                cn[b * h + k] = cellBefore(s.t(), b, k);
            }
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("dst", Expected.of(dst, i -> step()));
        out.put("hn", s.t() == 0 ? Expected.exact(hn) : Expected.of(hn, i -> step()));
        out.put("cn", s.t() == 0 ? Expected.exact(cn) : Expected.of(cn, i -> step() * Math.max(1, Math.abs(cn[i]))));
        return out;
    }

    private Map<String, Expected> backward() {
        int h = s.h();
        int inputs = s.i();
        double[] src = in.get("src");
        double[] ih = in.get("weightsIh");
        double[] hh = in.get("weightsHh");
        double[] diffSrc = new double[src.length];
        double[] diffIh = new double[ih.length];
        double[] diffHh = new double[hh.length];
        double[] diffBias = new double[4 * h];
        double[] diffH = in.get("diffHn").clone();
        double[] diffC = in.get("diffCn").clone();
        for (int t = s.t() - 1; t >= 0; t--) {
            for (int b = 0; b < s.b(); b++) {
                double[] gate = gates[t][b];
                double[] pre = new double[4 * h];
                for (int k = 0; k < h; k++) {
                    double tanh = Math.tanh(cells[t][b][k]);
                    double dh = diffH[b * h + k] + in.get("diffDst")[(t * s.b() + b) * h + k];
                    double dc = diffC[b * h + k] + dh * gate[3 * h + k] * (1 - tanh * tanh);
                    pre[k] = dc * gate[2 * h + k] * gate[k] * (1 - gate[k]);
                    pre[h + k] = dc * cellBefore(t, b, k) * gate[h + k] * (1 - gate[h + k]);
                    pre[2 * h + k] = dc * gate[k] * (1 - gate[2 * h + k] * gate[2 * h + k]);
                    pre[3 * h + k] = dh * tanh * gate[3 * h + k] * (1 - gate[3 * h + k]);
                    diffC[b * h + k] = dc * gate[h + k];
                    diffH[b * h + k] = 0;
                }
                for (int q = 0; q < 4 * h; q++) {
                    diffBias[q] += pre[q];
                    for (int k = 0; k < inputs; k++) {
                        int at = (t * s.b() + b) * inputs + k;
                        diffSrc[at] += pre[q] * ih[q * inputs + k];
                        diffIh[q * inputs + k] += pre[q] * src[at];
                    }
                    for (int k = 0; k < h; k++) {
                        diffH[b * h + k] += pre[q] * hh[q * h + k];
                        diffHh[q * h + k] += pre[q] * hiddenBefore(t, b, k);
                    }
                }
            }
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("diffSrc", gradient(diffSrc));
        out.put("diffH0", gradient(diffH));
        out.put("diffC0", gradient(diffC));
        out.put("diffWeightsIh", gradient(diffIh));
        out.put("diffWeightsHh", gradient(diffHh));
        out.put("diffBias", gradient(diffBias));
        return out;
    }

    /** Errors of one element spread over its tensor, so the largest sets the scale. */
    private Expected gradient(double[] value) {
        double largest = 0;
        for (double v : value) {
            largest = Double.isNaN(v) ? largest : Math.max(largest, Math.abs(v));
        }
        double scale = largest;
        return Expected.of(value, i -> s.t() == 0 ? 0 : 2 * step() * scale);
    }
}
