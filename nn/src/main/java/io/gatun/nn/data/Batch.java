package io.gatun.nn.data;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Some samples side by side, in a buffer of their {@link BatchStream}. Valid until the stream's next {@code next()} or
 * {@code close()}: the buffer is then filled anew, so copy what must stay.
 */
public final class Batch {
    private final List<Field> fields;
    private final List<DeviceDataset.Made> made;
    private final MemorySegment[] whole;
    private final MemorySegment[] tails;

    /** Where kernels find each field; on the host the same memory. */
    private final MemorySegment[] there;

    private final Shape[] wholeShapes;
    private final Shape[] tailShapes;
    private final int capacity;
    private final int tail;
    private int size;
    private long epoch;
    private int index;
    private boolean last;

    /**
     * A buffer for {@code capacity} samples that also serves the shorter batch of {@code tail} samples.
     *
     * @param made what a device makes of the fields
     */
    Batch(List<Field> fields, List<DeviceDataset.Made> made, BatchMemory memory, int capacity, int tail) {
        this.fields = fields;
        this.made = made;
        this.whole = memory.here();
        this.there = memory.there();
        this.capacity = capacity;
        this.tail = tail;
        this.tails = new MemorySegment[whole.length];
        this.wholeShapes = new Shape[whole.length];
        this.tailShapes = new Shape[whole.length];
        for (int i = 0; i < whole.length; i++) {
            tails[i] = whole[i].asSlice(0, tail * fields.get(i).bytes());
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

    /**
     * The memory of a field, on the host: its values for each sample, without gaps, 64-byte aligned. What is written there
     * no longer gets to a device.
     *
     * @throws IllegalArgumentException when there is no such field, or a device makes it
     */
    public MemorySegment get(String field) {
        int at = place(field);
        return size == capacity ? whole[at] : tails[at];
    }

    /** The shape of a field in this batch, the number of samples first. */
    public Shape shape(String field) {
        DeviceDataset.Made one = made(field);
        if (one != null) {
            return shape(one.field(), size);
        }
        int at = place(field);
        return size == capacity ? wholeShapes[at] : tailShapes[at];
    }

    /**
     * A field as a tensor on a tape, without a copy where the batches' memory is of the tape's place; one that the device makes
     * is made here, by each call anew.
     */
    public Tensor tensor(Tape tape, String field) {
        DeviceDataset.Made one = made(field);
        if (one != null) {
            return one.maker().make(tape, this);
        }
        int at = place(field);
        Shape shape = shape(field);
        DType type = fields.get(at).type();
        return tape.input(shape, type, tape.place().isHost() ? get(field) : there[at]);
    }

    /** What the device makes under that name, or null. */
    private DeviceDataset.Made made(String name) {
        for (DeviceDataset.Made one : made) {
            if (one.field().name().equals(name)) {
                return one;
            }
        }
        return null;
    }

    private int place(String name) {
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i).name().equals(name)) {
                return i;
            }
        }
        DeviceDataset.Made one = made(name);
        if (one != null) {
            throw new IllegalArgumentException("the device makes " + one.field() + " of " + fields
                    + ", so it is not on the host: take tensor(tape, \"" + name
                    + "\"), or load with forDevice(false)");
        }
        throw new IllegalArgumentException("a batch has no field '" + name + "', it has " + fields);
    }

    /** Which of its stream's buffers this is: no other has the same number. */
    public long buffer() {
        return there[0].address();
    }

    /** What the batch's memory consists of: the loader's fields, or those that a device is sent. */
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
