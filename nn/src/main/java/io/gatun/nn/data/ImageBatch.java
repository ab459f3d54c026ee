package io.gatun.nn.data;

import java.lang.foreign.MemorySegment;

/**
 * One batch in a buffer of its {@link BatchLoader}. Valid until the loader's next {@code next()} or {@code close()}:
 * the buffer is then filled anew, so copy what must stay.
 */
public final class ImageBatch {
    private final MemorySegment allImages;
    private final MemorySegment allLabels;
    private final MemorySegment tailImages;
    private final MemorySegment tailLabels;
    private final int capacity;
    private final int tail;
    private int size;
    private long epoch;
    private int index;
    private boolean last;

    /** A buffer for {@code capacity} images that also serves the shorter batch of {@code tail} images. */
    ImageBatch(MemorySegment images, MemorySegment labels, int capacity, int tail) {
        this.allImages = images;
        this.allLabels = labels;
        this.tailImages = images.asSlice(0, images.byteSize() / capacity * tail);
        this.tailLabels = labels.asSlice(0, 4L * tail);
        this.capacity = capacity;
        this.tail = tail;
    }

    void set(int newSize, long newEpoch, int newIndex, boolean newLast) {
        size = newSize;
        epoch = newEpoch;
        index = newIndex;
        last = newLast;
    }

    MemorySegment allImages() {
        return allImages;
    }

    MemorySegment allLabels() {
        return allLabels;
    }

    /** Standardized float32 [size, H, W, C], 64-byte aligned. */
    public MemorySegment images() {
        return size == capacity ? allImages : checkedTail(tailImages);
    }

    /** int32 [size]. */
    public MemorySegment labels() {
        return size == capacity ? allLabels : checkedTail(tailLabels);
    }

    private MemorySegment checkedTail(MemorySegment segment) {
        assert size == tail : size;
        return segment;
    }

    /** Number of images: the loader's batch size, or fewer in an epoch's last batch. */
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
