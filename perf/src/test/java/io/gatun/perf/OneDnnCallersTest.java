package io.gatun.perf;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.kernel.Kernels;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.FoldedNets;
import io.gatun.nn.ManyCallers;
import io.gatun.onednn.LoadResult;
import io.gatun.onednn.OneDnnLibrary;
import org.junit.jupiter.api.Test;

/** Folded nets, and many threads on one model, on oneDNN where it can be loaded. */
class OneDnnCallersTest {
    @Test
    void foldedNetsAreTheNetsBeforeAndAllThreadsGetTheSameBits() throws Exception {
        LoadResult library = OneDnnLibrary.load(2);
        assumeTrue(library instanceof LoadResult.Loaded, () -> "SKIPPED, oneDNN is NOT tested here: " + library);
        NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 30), false);
        try (Kernels kernels = Kernels.open("onednn", 2, memory)) {
            ManyCallers.check(kernels, memory);
            FoldedNets.check(kernels, memory);
        }
    }
}
