package io.gatun.perf;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.nn.train.AllocationSweepTest;
import io.gatun.onednn.LoadResult;
import io.gatun.onednn.OneDnnLibrary;
import org.junit.jupiter.api.Tag;

/** nn's sweep on oneDNN, whose scratch memory and workspaces are others. */
@Tag("heavy")
class OneDnnAllocationSweepTest extends AllocationSweepTest {
    @Override
    protected String backend() {
        LoadResult library = OneDnnLibrary.load(2);
        assumeTrue(library instanceof LoadResult.Loaded, () -> "SKIPPED, oneDNN is NOT tested here: " + library);
        return "onednn";
    }

    /** The calls that run its kernels; compiling them anew for every request of all would take 15 s. */
    @Override
    protected boolean sweeps(String call) {
        return call.equals("forward") || call.equals("backward");
    }
}
