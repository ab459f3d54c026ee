package io.gatun.cuda.kernels;

import io.gatun.kernel.DType;
import java.util.ArrayList;
import java.util.List;

/** What pooling's kernels are told, in the order of pool.h. */
final class PoolArguments {
    /** Bytes of channels that a thread has. */
    private static final int BYTES = 16;

    private final List<Arg> arguments = new ArrayList<>();
    private final long indices;

    /**
     * Images of {@code c} channels, h x w pixels into oh x ow.
     *
     * @param indices more than any number that is divided by a size
     */
    PoolArguments(long indices, int c, int h, int w, int oh, int ow) {
        this.indices = indices;
        arguments.add(Arg.i32(c));
        size(h);
        size(w);
        size(oh);
        size(ow);
    }

    /** Channels of a thread. */
    static int channels(DType storage) {
        return BYTES / storage.bytes();
    }

    /** A size of images; nothing is divided by one that is 0, for then there are no pixels. */
    private void size(int size) {
        divisor(size == 0 ? new Divisor(0, 0, Divisor.WIDE) : Divisor.of(size, indices));
    }

    private void divisor(Divisor divisor) {
        arguments.addAll(List.of(divisor.arguments()));
    }

    /** The windows along an axis. */
    PoolArguments windows(int size, int stride, int before, int after) {
        arguments.add(Arg.i32(size));
        divisor(Divisor.of(stride, 1L << 31));
        arguments.add(Arg.i32(before));
        arguments.add(Arg.i32(after));
        return this;
    }

    PoolArguments flag(boolean value) {
        arguments.add(Arg.i32(value ? 1 : 0));
        return this;
    }

    /** Behind these. */
    Arg[] after(Arg... first) {
        List<Arg> all = new ArrayList<>(List.of(first));
        all.addAll(arguments);
        return all.toArray(Arg[]::new);
    }
}
