package io.gatun.autograd;

import io.gatun.memory.StepSlab;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Memory for gradients and temporaries of backward, reused within a step: a gradient is dead once its operation's rule
 * has run, and the next layer's often has the same size, so the last one freed is the one still in cache.
 */
final class GradientMemory {
    /** A net has some dozens of sizes; batches that all differ would fill the map for ever. */
    private static final int MOST_SIZES = 1_024;

    private final StepSlab slab;
    private final Map<Long, ArrayDeque<MemorySegment>> free = new HashMap<>();

    /** What the running backward holds. */
    private final Set<MemorySegment> lent = Collections.newSetFromMap(new IdentityHashMap<>());

    GradientMemory(StepSlab slab) {
        this.slab = slab;
    }

    MemorySegment take(long bytes) {
        ArrayDeque<MemorySegment> same = free.get(bytes);
        MemorySegment reused = same == null ? null : same.pollLast();
        MemorySegment memory = reused != null ? reused : slab.allocate(bytes, "gradient");
        lent.add(memory);
        return memory;
    }

    void give(MemorySegment memory) {
        lent.remove(memory);
        free.computeIfAbsent(memory.byteSize(), size -> new ArrayDeque<>()).addLast(memory);
    }

    /** The backward is over; what it still holds are gradients of leaves, which stay. */
    void settle() {
        lent.clear();
    }

    /** The backward has failed; what it held may be used again. */
    void reclaim() {
        List.copyOf(lent).forEach(this::give);
    }

    /** The slab has taken everything back. */
    void forget() {
        lent.clear();
        if (free.size() > MOST_SIZES) {
            free.clear();
        }
        free.values().forEach(ArrayDeque::clear);
    }
}
