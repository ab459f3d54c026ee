package io.gatun.onednn;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.reference.ScalarMath;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;

/**
 * Problems with a dimension of 0. oneDNN answers them with success and leaves the destination as it was; but an empty
 * sum is 0, so what our specs define is written here.
 */
record EmptyKernel(String implementation, OneDnnKernel.Step step) implements Kernel {
    @Override
    public void execute(long[] frame) {
        step.run(frame);
    }

    /** No output. */
    static EmptyKernel nothing() {
        return new EmptyKernel("onednn:empty", frame -> {});
    }

    /** K = 0: C = act(bias + beta C). */
    static EmptyKernel gemm(GemmSpec spec) {
        int bias = spec.bias() ? 2 : -1;
        int c = spec.bias() ? 3 : 2;
        return new EmptyKernel("onednn:empty", frame -> {
            for (long b = 0; b < spec.batch(); b++) {
                for (long row = 0; row < spec.m(); row++) {
                    long at = frame[c] + (b * spec.strideC() + row * spec.ldc()) * Float.BYTES;
                    for (long col = 0; col < spec.n(); col++) {
                        float sum = spec.beta() == 0 ? 0 : spec.beta() * Raw.f32(at, col);
                        sum = bias < 0 ? sum : sum + Raw.f32(frame[bias], col);
                        Raw.f32(at, col, ScalarMath.activate(spec.activation(), sum));
                    }
                }
            }
        });
    }

    /** No image, or none that the kernel fits: gradients are 0, outputs (if padding alone makes any) act(bias). */
    static EmptyKernel conv(ConvSpec spec) {
        long pixels = (long) spec.n() * spec.oh() * spec.ow();
        return new EmptyKernel(
                "onednn:empty",
                switch (spec.direction()) {
                    case FORWARD -> {
                        int bias = spec.bias() ? 2 : -1;
                        int dst = spec.bias() ? 3 : 2;
                        yield frame -> {
                            for (long pixel = 0; pixel < pixels; pixel++) {
                                for (long o = 0; o < spec.oc(); o++) {
                                    float sum = bias < 0 ? 0 : Raw.f32(frame[bias], o);
                                    Raw.f32(
                                            frame[dst],
                                            pixel * spec.oc() + o,
                                            ScalarMath.activate(spec.activation(), sum));
                                }
                            }
                        };
                    }
                    case BACKWARD_DATA ->
                        frame -> Rows.zero(frame[2], (long) spec.n() * spec.h() * spec.w() * spec.ic());
                    case BACKWARD_WEIGHTS ->
                        frame -> {
                            Rows.zero(frame[2], (long) spec.oc() * spec.kh() * spec.kw() * (spec.ic() / spec.groups()));
                            if (spec.bias()) {
                                sumPixels(frame[1], pixels, spec.oc(), frame[3]);
                            }
                        };
                });
    }

    /** No steps: the state goes through as it is; no batch: only the weights have gradients, of 0. */
    static EmptyKernel lstm(LstmSpec spec) {
        long state = (long) spec.b() * spec.h();
        if (spec.pass() != Pass.BACKWARD) {
            return new EmptyKernel("onednn:empty", frame -> {
                Rows.copy(frame[1], frame[7], state);
                Rows.copy(frame[2], frame[8], state);
            });
        }
        return new EmptyKernel("onednn:empty", frame -> {
            Rows.copy(frame[9], frame[11], state);
            Rows.copy(frame[10], frame[12], state);
            Rows.zero(frame[13], 4L * spec.h() * spec.i());
            Rows.zero(frame[14], 4L * spec.h() * spec.h());
            Rows.zero(frame[15], 4L * spec.h());
        });
    }

    /** The same for a layer with one state and two biases. */
    static EmptyKernel oneState(Pass pass, long state, long rows, int i, int h) {
        if (pass != Pass.BACKWARD) {
            return new EmptyKernel("onednn:empty", frame -> Rows.copy(frame[1], frame[7], state));
        }
        return new EmptyKernel("onednn:empty", frame -> {
            Rows.copy(frame[9], frame[10], state);
            Rows.zero(frame[11], rows * i);
            Rows.zero(frame[12], rows * h);
            Rows.zero(frame[13], rows);
            Rows.zero(frame[14], rows);
        });
    }

    /** dst[c] = sum of src[pixel][c]: images of no pixel still have a bias gradient where padding makes outputs. */
    private static void sumPixels(long src, long pixels, long channels, long dst) {
        for (long c = 0; c < channels; c++) {
            double sum = 0;
            for (long pixel = 0; pixel < pixels; pixel++) {
                sum += Raw.f32(src, pixel * channels + c);
            }
            Raw.f32(dst, c, (float) sum);
        }
    }
}
