package io.gatun.perf;

import io.gatun.kernel.Kernels;
import io.gatun.nn.golden.GoldenRuns;

/** The golden runs of nn, which cannot see oneDNN, on oneDNN. */
class OneDnnGoldenRunsTest extends GoldenRuns {
    @Override
    protected Kernels open() {
        return Kernels.open("onednn", 2);
    }
}
