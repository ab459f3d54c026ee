package io.gatun.nn.golden;

import io.gatun.kernel.Kernels;

class SimdGoldenRunsTest extends GoldenRuns {
    @Override
    protected Kernels open() {
        return Kernels.open("simd", 2);
    }
}
