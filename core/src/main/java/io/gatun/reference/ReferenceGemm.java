package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.GemmSpec;

/** GEMM, one dot product at a time, summed in double: a float accumulator would be 138 u off at K = 32,768. */
final class ReferenceGemm implements Kernel {
    private final GemmSpec spec;

    ReferenceGemm(GemmSpec spec) {
        this.spec = spec;
    }

    @Override
    public String implementation() {
        return "reference:gemm";
    }

    @Override
    public void execute(long[] frame) {
        long bias = spec.bias() ? frame[2] : 0;
        long c = frame[spec.bias() ? 3 : 2];
        for (int batch = 0; batch < spec.batch(); batch++) {
            multiply(
                    frame[0] + 4 * batch * spec.strideA(),
                    frame[1] + 4 * batch * spec.strideB(),
                    bias,
                    c + 4 * batch * spec.strideC());
        }
    }

    private void multiply(long a, long b, long bias, long c) {
        // One step along K, and along M or N, in elements.
        long aK = spec.transA() ? spec.lda() : 1;
        long aM = spec.transA() ? 1 : spec.lda();
        long bK = spec.transB() ? 1 : spec.ldb();
        long bN = spec.transB() ? spec.ldb() : 1;
        for (int i = 0; i < spec.m(); i++) {
            for (int j = 0; j < spec.n(); j++) {
                double sum = 0;
                for (int k = 0; k < spec.k(); k++) {
                    sum += (double) Raw.f32(a, i * aM + k * aK) * Raw.f32(b, j * bN + k * bK);
                }
                double result = spec.alpha() * sum;
                long at = (long) i * spec.ldc() + j;
                if (bias != 0) {
                    result += Raw.f32(bias, j);
                }
                if (spec.beta() != 0) {
                    result += (double) spec.beta() * Raw.f32(c, at);
                }
                Raw.f32(c, at, ScalarMath.activate(spec.activation(), (float) result));
            }
        }
    }
}
