package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.QuantizedConvSpec;

/** Convolution of bytes: each result gathers its own terms, summed in int. */
final class ReferenceQuantizedConv implements Kernel {
    private final ConvSpec conv;
    private final int icg;
    private final int ocg;

    ReferenceQuantizedConv(QuantizedConvSpec spec) {
        this.conv = spec.conv();
        this.icg = conv.ic() / conv.groups();
        this.ocg = conv.oc() / conv.groups();
    }

    @Override
    public String implementation() {
        return "reference:quantizedconv";
    }

    @Override
    public void execute(long[] frame) {
        float scale = Raw.f32(frame[1], 0);
        long bias = conv.bias() ? frame[5] : 0;
        long dst = frame[conv.bias() ? 6 : 5];
        for (int n = 0; n < conv.n(); n++) {
            for (int y = 0; y < conv.oh(); y++) {
                for (int x = 0; x < conv.ow(); x++) {
                    for (int o = 0; o < conv.oc(); o++, dst += Float.BYTES) {
                        float sum = sum(frame, n, y, x, o);
                        float v = sum * scale * Raw.f32(frame[4], o);
                        v = bias == 0 ? v : v + Raw.f32(bias, o);
                        Raw.f32(dst, 0, ScalarMath.activate(conv.activation(), v));
                    }
                }
            }
        }
    }

    private int sum(long[] frame, int n, int y, int x, int o) {
        int zeroPoint = Raw.i32(frame[2], 0);
        int sum = 0;
        for (int i = 0; i < conv.kh(); i++) {
            int row = y * conv.sh() + i * conv.dh() - conv.ph();
            for (int j = 0; j < conv.kw() && row >= 0 && row < conv.h(); j++) {
                int col = x * conv.sw() + j * conv.dw() - conv.pw();
                if (col >= 0 && col < conv.w()) {
                    long src = (((long) n * conv.h() + row) * conv.w() + col) * conv.ic() + o / ocg * icg;
                    long filter = (((long) o * conv.kh() + i) * conv.kw() + j) * icg;
                    for (int c = 0; c < icg; c++) {
                        sum += ((Raw.i8(frame[0], src + c) & 0xFF) - zeroPoint) * Raw.i8(frame[3], filter + c);
                    }
                }
            }
        }
        return sum;
    }
}
