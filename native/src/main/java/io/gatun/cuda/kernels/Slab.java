package io.gatun.cuda.kernels;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What one launch hands to CUDA, laid out once: two dim3 (16 bytes each), the array of pointers to the values, and the
 * values, 8 bytes each. Only the slots of operands and scratch are written again.
 */
final class Slab {
    private static final long DIM3 = 16;

    private final MemorySegment memory;
    private final MemorySegment grid;
    private final MemorySegment block;
    private final Arg[] moving;
    private final long[] slots;

    /** Over {@code memory} of {@link #bytes}, which this uses alone. */
    Slab(MemorySegment memory, Grid shape, List<Arg> arguments) {
        this.memory = memory;
        this.grid = dim3(memory.asSlice(0, 12), shape.x(), shape.y(), shape.z());
        this.block = dim3(memory.asSlice(DIM3, 12), shape.threads(), shape.threadRows(), 1);
        int count = arguments.size();
        long values = 2 * DIM3 + 8L * count;
        for (int i = 0; i < count; i++) {
            long slot = values + 8L * i;
            memory.set(JAVA_LONG, 2 * DIM3 + 8L * i, memory.address() + slot);
            memory.set(JAVA_LONG, slot, arguments.get(i) instanceof Arg.Value(long bits) ? bits : 0);
        }
        int[] places = IntStream.range(0, count)
                .filter(i -> !(arguments.get(i) instanceof Arg.Value))
                .toArray();
        this.moving = new Arg[places.length];
        this.slots = new long[places.length];
        for (int i = 0; i < places.length; i++) {
            moving[i] = arguments.get(places[i]);
            slots[i] = values + 8L * places[i];
        }
    }

    static long bytes(int arguments) {
        return 2 * DIM3 + 16L * arguments;
    }

    private static MemorySegment dim3(MemorySegment to, int x, int y, int z) {
        to.set(JAVA_INT, 0, x);
        to.set(JAVA_INT, 4, y);
        to.set(JAVA_INT, 8, z);
        return to;
    }

    void fill(long[] frame, long scratch) {
        for (int i = 0; i < moving.length; i++) {
            memory.set(JAVA_LONG, slots[i], address(moving[i], frame, scratch));
        }
    }

    static long address(Arg arg, long[] frame, long scratch) {
        return switch (arg) {
            case Arg.Operand(int index, long offset) -> frame[index] + offset;
            case Arg.Scratch(long offset) -> scratch + offset;
            case Arg.Value(long bits) -> bits;
        };
    }

    MemorySegment grid() {
        return grid;
    }

    MemorySegment block() {
        return block;
    }

    /** Address of the array of pointers. */
    long arguments() {
        return memory.address() + 2 * DIM3;
    }
}
