package io.gatun.autograd;

import io.gatun.memory.StepSlab;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory for gradients and temporaries of backward, from the step's slab: what is free there are gradients whose rule has
 * run and activations that nobody needs any more.
 */
final class GradientMemory {
    private final StepSlab slab;

    /** What the running backward holds. */
    private final List<MemorySegment> lent = new ArrayList<>();

    GradientMemory(StepSlab slab) {
        this.slab = slab;
    }

    MemorySegment take(long bytes) {
        MemorySegment memory = slab.allocate(bytes, "gradient");
        lent.add(memory);
        return memory;
    }

    void give(MemorySegment memory) {
        // Some dozens at most, and what is given back is often the last one taken.
        for (int i = lent.size() - 1; i >= 0; i--) {
            if (lent.get(i) == memory) {
                lent.remove(i);
                break;
            }
        }
        slab.free(memory);
    }

    /** The backward is over; what it still holds are gradients of leaves, which stay. */
    void settle() {
        lent.clear();
    }

    /** The backward has failed; what it held may be used again. */
    void reclaim() {
        lent.forEach(slab::free);
        lent.clear();
    }

    /** The slab has taken everything back. */
    void forget() {
        lent.clear();
    }
}
