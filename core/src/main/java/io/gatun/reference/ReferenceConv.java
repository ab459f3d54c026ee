package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.ConvSpec;

/** Convolution in its three directions: each result gathers its own terms, summed in double. */
final class ReferenceConv implements Kernel {
    private final ConvSpec spec;
    /** Input and output channels of one group. */
    private final int icg;

    private final int ocg;
    private final int oh;
    private final int ow;

    ReferenceConv(ConvSpec spec) {
        this.spec = spec;
        this.icg = spec.ic() / spec.groups();
        this.ocg = spec.oc() / spec.groups();
        this.oh = spec.oh();
        this.ow = spec.ow();
    }

    @Override
    public String implementation() {
        return "reference:conv";
    }

    @Override
    public void execute(long[] frame) {
        switch (spec.direction()) {
            case FORWARD -> forward(frame);
            case BACKWARD_DATA -> backwardData(frame[0], frame[1], frame[2]);
            case BACKWARD_WEIGHTS -> {
                backwardWeights(frame[0], frame[1], frame[2]);
                if (spec.bias()) {
                    backwardBias(frame[1], frame[3]);
                }
            }
        }
    }

    private long src(int n, int row, int col, int channel) {
        return (((long) n * spec.h() + row) * spec.w() + col) * spec.ic() + channel;
    }

    private long dst(int n, int y, int x, int o) {
        return (((long) n * oh + y) * ow + x) * spec.oc() + o;
    }

    private long filter(int o, int i, int j, int c) {
        return (((long) o * spec.kh() + i) * spec.kw() + j) * icg + c;
    }

    private void forward(long[] frame) {
        long bias = spec.bias() ? frame[2] : 0;
        long dst = frame[spec.bias() ? 3 : 2];
        for (int n = 0; n < spec.n(); n++) {
            for (int y = 0; y < oh; y++) {
                for (int x = 0; x < ow; x++) {
                    for (int o = 0; o < spec.oc(); o++) {
                        double sum = forwardOne(frame[0], frame[1], n, y, x, o);
                        float result = (float) (bias == 0 ? sum : sum + Raw.f32(bias, o));
                        Raw.f32(dst, dst(n, y, x, o), ScalarMath.activate(spec.activation(), result));
                    }
                }
            }
        }
    }

    private double forwardOne(long src, long weights, int n, int y, int x, int o) {
        int first = o / ocg * icg;
        double sum = 0;
        for (int i = 0; i < spec.kh(); i++) {
            int row = y * spec.sh() + i * spec.dh() - spec.ph();
            for (int j = 0; j < spec.kw() && row >= 0 && row < spec.h(); j++) {
                int col = x * spec.sw() + j * spec.dw() - spec.pw();
                if (col >= 0 && col < spec.w()) {
                    for (int c = 0; c < icg; c++) {
                        sum += (double) Raw.f32(src, src(n, row, col, first + c))
                                * Raw.f32(weights, filter(o, i, j, c));
                    }
                }
            }
        }
        return sum;
    }

    private void backwardData(long diffDst, long weights, long diffSrc) {
        for (int n = 0; n < spec.n(); n++) {
            for (int row = 0; row < spec.h(); row++) {
                for (int col = 0; col < spec.w(); col++) {
                    for (int channel = 0; channel < spec.ic(); channel++) {
                        double sum = backwardDataOne(diffDst, weights, n, row, col, channel);
                        Raw.f32(diffSrc, src(n, row, col, channel), (float) sum);
                    }
                }
            }
        }
    }

    /** The outputs that src[row, col] went into: y · sh + i · dh − ph = row, and likewise in x. */
    private double backwardDataOne(long diffDst, long weights, int n, int row, int col, int channel) {
        int firstOut = channel / icg * ocg;
        double sum = 0;
        for (int i = 0; i < spec.kh(); i++) {
            int y = place(row + spec.ph() - i * spec.dh(), spec.sh(), oh);
            for (int j = 0; j < spec.kw() && y >= 0; j++) {
                int x = place(col + spec.pw() - j * spec.dw(), spec.sw(), ow);
                if (x >= 0) {
                    for (int o = firstOut; o < firstOut + ocg; o++) {
                        sum += (double) Raw.f32(diffDst, dst(n, y, x, o))
                                * Raw.f32(weights, filter(o, i, j, channel % icg));
                    }
                }
            }
        }
        return sum;
    }

    /** {@code distance / stride} where that is a whole number below {@code size}, else -1. */
    private static int place(int distance, int stride, int size) {
        return distance >= 0 && distance % stride == 0 && distance / stride < size ? distance / stride : -1;
    }

    private void backwardWeights(long src, long diffDst, long diffWeights) {
        for (int o = 0; o < spec.oc(); o++) {
            for (int i = 0; i < spec.kh(); i++) {
                for (int j = 0; j < spec.kw(); j++) {
                    for (int c = 0; c < icg; c++) {
                        Raw.f32(diffWeights, filter(o, i, j, c), (float) backwardWeightsOne(src, diffDst, o, i, j, c));
                    }
                }
            }
        }
    }

    private double backwardWeightsOne(long src, long diffDst, int o, int i, int j, int c) {
        int channel = o / ocg * icg + c;
        double sum = 0;
        for (int n = 0; n < spec.n(); n++) {
            for (int y = 0; y < oh; y++) {
                int row = y * spec.sh() + i * spec.dh() - spec.ph();
                for (int x = 0; x < ow && row >= 0 && row < spec.h(); x++) {
                    int col = x * spec.sw() + j * spec.dw() - spec.pw();
                    if (col >= 0 && col < spec.w()) {
                        sum += (double) Raw.f32(src, src(n, row, col, channel)) * Raw.f32(diffDst, dst(n, y, x, o));
                    }
                }
            }
        }
        return sum;
    }

    private void backwardBias(long diffDst, long diffBias) {
        long pixels = (long) spec.n() * oh * ow;
        for (int o = 0; o < spec.oc(); o++) {
            double sum = 0;
            for (long pixel = 0; pixel < pixels; pixel++) {
                sum += Raw.f32(diffDst, pixel * spec.oc() + o);
            }
            Raw.f32(diffBias, o, (float) sum);
        }
    }
}
