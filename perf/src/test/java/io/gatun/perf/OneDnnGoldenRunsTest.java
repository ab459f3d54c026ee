package io.gatun.perf;

import static org.junit.jupiter.api.Assumptions.abort;

import io.gatun.kernel.Kernels;
import io.gatun.nn.golden.GoldenRuns;
import io.gatun.onednn.LoadResult;
import io.gatun.onednn.OneDnnLibrary;

/** The golden runs of nn, which cannot see oneDNN, on oneDNN; skipped, with the reason, where it cannot be loaded. */
class OneDnnGoldenRunsTest extends GoldenRuns {
    @Override
    protected Kernels open() {
        return switch (OneDnnLibrary.load(2)) {
            case LoadResult.Loaded _ -> Kernels.open("onednn", 2);
            case LoadResult.Unavailable none ->
                abort("SKIPPED, oneDNN is NOT tested against PyTorch here: " + none.reason());
        };
    }
}
