package io.gatun.nn.data;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Some samples side by side, in a buffer of their {@link BatchStream}. Valid until the stream's next {@code next()} or
 * {@code close()}: the buffer is then filled anew, so copy what must stay.
 */
public final class Batch {
    private final List<Field> fields;
    private final MemorySegment[] whole;
    private final MemorySegment[] tails;
    private final Shape[] wholeShapes;
    private final Shape[] tailShapes;
    private final int capacity;
    private final int tail;
    private int size;
    private long epoch;
    private int index;
    private boolean last;

    /** A buffer for {@code capacity} samples that also serves the shorter batch of {@code tail} samples. */
    Batch(List<Field> fields, MemorySegment[] memory, int capacity, int tail) {
        this.fields = fields;
        this.whole = memory;
        this.capacity = capacity;
        this.tail = tail;
        this.tails = new MemorySegment[memory.length];
        this.wholeShapes = new Shape[memory.length];
        this.tailShapes = new Shape[memory.length];
        for (int i = 0; i < memory.length; i++) {
            tails[i] = memory[i].asSlice(0, tail * fields.get(i).bytes());
            wholeShapes[i] = shape(fields.get(i), capacity);
            tailShapes[i] = shape(fields.get(i), tail);
        }
    }

    private static Shape shape(Field field, int samples) {
        int[] sample = field.shape().dims();
        int[] dims = new int[sample.length + 1];
        dims[0] = samples;
        System.arraycopy(sample, 0, dims, 1, sample.length);
        return Shape.of(dims);
    }

    void set(int newSize, long newEpoch, int newIndex, boolean newLast) {
        assert newSize == capacity || newSize == tail : newSize;
        size = newSize;
        epoch = newEpoch;
        index = newIndex;
        last = newLast;
    }

    /** The memory of a field: its values for each sample, without gaps, 64-byte aligned. */
    public MemorySegment get(String field) {
        int at = place(field);
        return size == capacity ? whole[at] : tails[at];
    }

    /** The shape of a field's memory, the number of samples first. */
    public Shape shape(String field) {
        int at = place(field);
        return size == capacity ? wholeShapes[at] : tailShapes[at];
    }

    /** A field as a tensor on a tape, without a copy. */
    public Tensor tensor(Tape tape, String field) {
        return tape.input(shape(field), fields.get(place(field)).type(), get(field));
    }

    private int place(String name) {
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i).name().equals(name)) {
                return i;
            }
        }
        throw new IllegalArgumentException("a batch has no field '" + name + "', it has " + fields);
    }

    /** What the batch consists of. */
    public List<Field> fields() {
        return fields;
    }

    /** Number of samples: the loader's batch size, or fewer in an epoch's last batch. */
    public int size() {
        return size;
    }

    /** Epoch from 0. */
    public long epoch() {
        return epoch;
    }

    /** Number of this batch in its epoch, from 0. */
    public int index() {
        return index;
    }

    /** Whether this is its epoch's last batch. */
    public boolean last() {
        return last;
    }
}
