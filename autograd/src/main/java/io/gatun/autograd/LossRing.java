package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The losses of the latest steps, kept where they were computed: on a device nobody waits for a step to note its loss, and
 * one copy reads them all. A captured step notes its own ({@link CapturedStep#train(long, Update, LossRing)}), within its one
 * launch; steps that do and others may take turns. Not thread-safe.
 */
public final class LossRing implements AutoCloseable {
    private final ParameterScope scope;
    private final ParameterScope hostScope;
    private final MemorySegment ring;
    private final int size;

    /** {@link #noted} where a step on a device has it from. */
    private final MemorySegment number;

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
        this.hostScope = memory.place().isHost() ? scope : memory.onHost().parameters("the losses' number");
        try {
            this.ring = scope.allocate((long) Float.BYTES * size, "losses");
            this.number = hostScope.allocate(Long.BYTES, "the losses' number").fill((byte) 0);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Keeps the one number of this loss in the place of the oldest. */
    public void note(Tensor loss) {
        put(loss);
        count();
    }

    /** Has a step keep its loss, which counts once the step has come to its end; until then it is the next one's place. */
    void put(Tensor loss) {
        requireLoss(loss);
        Places.copy(loss.memory(), ring.asSlice(Float.BYTES * (noted % size), Float.BYTES));
    }

    /** As {@link #put(Tensor)} when the kernels run: in the place of {@code number}, a copy there of {@link #number}. */
    void put(Tensor loss, MemorySegment number) {
        requireLoss(loss);
        loss.tape.place().put(loss.memory(), ring, number);
    }

    /** The step whose loss was put here last is done. */
    void count() {
        noted++;
        number.set(ValueLayout.JAVA_LONG, 0, noted);
    }

    /** What {@link #put(Tensor, MemorySegment)} must be given a copy of, before each launch. */
    MemorySegment number() {
        return number;
    }

    private static void requireLoss(Tensor loss) {
        if (loss.shape().elements() != 1 || loss.type() != DType.F32) {
            throw new IllegalArgumentException(loss + " is no loss: it must be one float");
        }
    }

    /**
     * Checks that a step can keep its loss here.
     *
     * @throws IllegalStateException if this was closed
     * @throws IllegalArgumentException if it lies elsewhere
     */
    void require(Place place) {
        if (!ring.scope().isAlive()) {
            throw new IllegalStateException("the ring of losses was closed; make a new one to keep more");
        }
        if (!place.holds(ring)) {
            throw new IllegalArgumentException("a step on " + place.name() + " cannot keep its loss on "
                    + Place.of(ring).name() + "; make the ring with its kernels' memory()");
        }
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
        hostScope.close();
    }
}
