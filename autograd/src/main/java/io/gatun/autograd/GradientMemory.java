package io.gatun.autograd;

import io.gatun.memory.StepSlab;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Memory for gradients and temporaries of backward, reused within a step: a gradient is dead once its operation's rule
 * has run, and the next layer's often has the same size, so the last one freed is the one still in cache.
 */
final class GradientMemory {
    private final StepSlab slab;
    private final Map<Long, ArrayDeque<MemorySegment>> free = new HashMap<>();

    GradientMemory(StepSlab slab) {
        this.slab = slab;
    }

    MemorySegment take(long bytes) {
        ArrayDeque<MemorySegment> same = free.get(bytes);
        MemorySegment reused = same == null ? null : same.pollLast();
        return reused != null ? reused : slab.allocate(bytes, "gradient");
    }

    void give(MemorySegment memory) {
        free.computeIfAbsent(memory.byteSize(), size -> new ArrayDeque<>()).addLast(memory);
    }

    /** The slab has taken everything back. */
    void forget() {
        free.values().forEach(ArrayDeque::clear);
    }
}
