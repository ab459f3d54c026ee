package io.gatun.nn;

import io.gatun.kernel.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * How a parameter lies in PyTorch's files, whose images and filters have the channels before height and width:
 * [outer, channels, inner] there is [outer, inner, channels] here.
 *
 * @param shape in the file
 * @param outer filters, or rows of a linear layer
 * @param inner places in a window or an image
 */
record FileLayout(Shape shape, int outer, int channels, int inner) {
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;

    /** Filters [o, k…, i], in files [o, i, k…]. */
    static FileLayout filters(Shape ours) {
        int channels = ours.last();
        int[] dims = ours.dims();
        System.arraycopy(ours.dims(), 1, dims, 2, dims.length - 2);
        dims[1] = channels;
        return of(Shape.of(dims), ours, channels);
    }

    /** Rows over a flattened image [out, h·w·c], in files [out, c·h·w]. */
    static FileLayout columns(Shape ours, int channels) {
        return of(ours, ours, channels);
    }

    private static FileLayout of(Shape file, Shape ours, int channels) {
        int outer = ours.dim(0);
        return new FileLayout(file, outer, channels, Math.toIntExact(ours.elements() / outer / channels));
    }

    /** From the file's order to ours. */
    void read(MemorySegment file, MemorySegment ours) {
        for (int o = 0; o < outer; o++) {
            long row = (long) o * channels * inner;
            for (int c = 0; c < channels; c++) {
                for (int i = 0; i < inner; i++) {
                    move(file, row + (long) c * inner + i, ours, row + (long) i * channels + c);
                }
            }
        }
    }

    /** From our order to the file's. */
    void write(MemorySegment ours, MemorySegment file) {
        for (int o = 0; o < outer; o++) {
            long row = (long) o * channels * inner;
            for (int c = 0; c < channels; c++) {
                for (int i = 0; i < inner; i++) {
                    move(ours, row + (long) i * channels + c, file, row + (long) c * inner + i);
                }
            }
        }
    }

    /** One element, of four bytes or of one. */
    private void move(MemorySegment from, long at, MemorySegment to, long index) {
        if (to.byteSize() == shape.elements()) {
            to.set(I8, index, from.get(I8, at));
        } else {
            to.setAtIndex(I32, index, from.getAtIndex(I32, at));
        }
    }
}
