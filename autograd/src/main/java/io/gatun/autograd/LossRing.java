package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Places;
import java.lang.foreign.MemorySegment;

/**
 * The losses of the latest steps, kept where they were computed: on a device nobody waits for a step to note its loss, and
 * one copy reads them all. Not thread-safe.
 */
public final class LossRing implements AutoCloseable {
    private final ParameterScope scope;
    private final MemorySegment ring;
    private final int size;
    private long noted;

    /**
     * Room for as many losses as are noted between two reads.
     *
     * @param memory of the tape whose losses it keeps
     * @param size at least 1
     */
    public LossRing(NativeMemory memory, int size) {
        if (size < 1) {
            throw new IllegalArgumentException("a ring of " + size + " losses keeps nothing; give at least 1");
        }
        this.size = size;
        this.scope = memory.parameters("losses");
        this.ring = scope.allocate((long) Float.BYTES * size, "losses");
    }

    /** Keeps the one number of this loss in the place of the oldest. */
    public void note(Tensor loss) {
        if (loss.shape().elements() != 1 || loss.type() != DType.F32) {
            throw new IllegalArgumentException(loss + " is no loss: it must be one float");
        }
        Places.copy(loss.memory(), slot(noted));
        noted++;
    }

    private MemorySegment slot(long number) {
        return ring.asSlice(Float.BYTES * (number % size), Float.BYTES);
    }

    /** How many were noted since the ring was made. */
    public long noted() {
        return noted;
    }

    /**
     * The latest losses, the oldest of them first; waits for their steps.
     *
     * @param count up to the size of the ring, and up to {@link #noted}
     */
    public float[] latest(int count) {
        if (count < 0 || count > Math.min(size, noted)) {
            throw new IllegalArgumentException(
                    "the latest " + count + " losses: a ring of " + size + " has " + Math.min(size, noted));
        }
        float[] all = Places.floats(ring);
        float[] latest = new float[count];
        for (int i = 0; i < count; i++) {
            latest[i] = all[(int) ((noted - count + i) % size)];
        }
        return latest;
    }

    @Override
    public void close() {
        scope.close();
    }
}
