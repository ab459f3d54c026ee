package io.gatun.contract;

import io.gatun.kernel.HalfFloats;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.memory.Place;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The buffers of one run of a plan: each between two canaries of 64 bytes, at an address that is aligned to its element
 * and to no more, outputs filled with NaN.
 */
final class Run {
    private static final long CANARY = 64;
    private static final byte PATTERN = (byte) 0xA7;
    private static final int NAN = 0x7FC0_BEEF;

    private final Plan plan;
    private final List<Operand> operands;
    private final MemorySegment[] segments;
    private final MemorySegment[] whole;
    private final Map<String, byte[]> before = new LinkedHashMap<>();

    /**
     * Buffers filled from {@code in}.
     *
     * @param skew shifts the addresses, in elements
     * @param forward the run whose workspace and dst this one reads, or null
     */
    Run(Arena arena, Plan plan, Inputs in, int skew, Run forward) {
        this(plan, in, forward, (bytes, operand) -> guarded(arena, bytes, operand, skew));
    }

    /** Buffers from {@code allocator}, which gives each with its surroundings. */
    Run(Plan plan, Inputs in, Run forward, Allocator allocator) {
        this.plan = plan;
        this.operands = plan.operands();
        this.segments = new MemorySegment[operands.size()];
        this.whole = new MemorySegment[operands.size()];
        for (int i = 0; i < segments.length; i++) {
            Operand operand = operands.get(i);
            if (operand.access() == Operand.Access.WORKSPACE && forward != null) {
                segments[i] = forward.segment("workspace");
                continue;
            }
            Placed placed = allocator.place(operand.bytes(), operand);
            segments[i] = placed.payload;
            whole[i] = placed.whole;
            if (forward != null && operand.name().equals("dst")) {
                segments[i].copyFrom(forward.segment("dst"));
            } else {
                fill(operand, segments[i], in);
            }
            if (operand.access() == Operand.Access.READ) {
                before.put(operand.name(), segments[i].toArray(ValueLayout.JAVA_BYTE));
            }
        }
    }

    /** A buffer and the memory around it that must stay as it is; {@code whole} may be null. */
    record Placed(MemorySegment payload, MemorySegment whole) {}

    interface Allocator {
        Placed place(long bytes, Operand operand);
    }

    /** Where an operand lies in a block of a device's memory, {@code whole}, which is given back after the run. */
    interface DeviceAllocator {
        Placed place(Place place, long bytes, Operand operand);
    }

    private static Placed guarded(Arena arena, long bytes, Operand operand, int skew) {
        int align = operand.access() == Operand.Access.WORKSPACE
                ? 64
                : operand.type().bytes();
        long offset = CANARY + (long) align * (operand.access() == Operand.Access.WORKSPACE ? 0 : 1 + skew);
        MemorySegment whole = arena.allocate(offset + bytes + CANARY, 64);
        whole.asSlice(0, offset).fill(PATTERN);
        whole.asSlice(offset + bytes).fill(PATTERN);
        return new Placed(whole.asSlice(offset, bytes), whole);
    }

    private static void fill(Operand operand, MemorySegment to, Inputs in) {
        boolean output = operand.access() == Operand.Access.WRITE || operand.access() == Operand.Access.WORKSPACE;
        switch (operand.type()) {
            case F32 -> {
                double[] values = output ? null : in.get(operand.name());
                int[] bits = new int[(int) operand.elements()];
                for (int i = 0; i < bits.length; i++) {
                    bits[i] = output ? NAN : Float.floatToRawIntBits((float) values[i]);
                }
                MemorySegment.copy(bits, 0, to, ValueLayout.JAVA_INT_UNALIGNED, 0, bits.length);
            }
            case BF16, F16 -> {
                double[] values = output ? null : in.get(operand.name());
                for (int i = 0; i < operand.elements(); i++) {
                    float value = output ? Float.NaN : (float) values[i];
                    to.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, HalfFloats.narrow(operand.type(), value));
                }
            }
            case I32 -> {
                double[] values = output ? null : in.get(operand.name());
                for (int i = 0; i < operand.elements(); i++) {
                    to.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * i, output ? NAN : (int) values[i]);
                }
            }
            case I64 -> {
                long[] values = output ? null : in.getLongs(operand.name());
                for (int i = 0; i < operand.elements(); i++) {
                    to.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i, output ? NAN : values[i]);
                }
            }
            case U8, S8 -> {
                double[] values = output ? null : in.get(operand.name());
                for (int i = 0; i < to.byteSize(); i++) {
                    to.set(ValueLayout.JAVA_BYTE, i, output ? (byte) 0xFF : (byte) (int) values[i]);
                }
            }
        }
    }

    /** On a device: on copies there of the buffers and their surroundings, which are copied back. */
    Run execute() {
        return execute((place, bytes, operand) -> {
            MemorySegment block = place.allocate(bytes, operand.name());
            return new Placed(block, block);
        });
    }

    /** On a device: in blocks from {@code allocator}. */
    Run execute(DeviceAllocator allocator) {
        Place place = plan.place();
        if (place.isHost()) {
            plan.run(segments);
            return this;
        }
        Placed[] placed = new Placed[segments.length];
        MemorySegment[] there = new MemorySegment[segments.length];
        try {
            for (int i = 0; i < segments.length; i++) {
                MemorySegment here = whole[i] == null ? segments[i] : whole[i];
                placed[i] = allocator.place(place, here.byteSize(), operands.get(i));
                MemorySegment copy = placed[i].payload;
                place.copy(here, copy);
                there[i] = copy.asSlice(segments[i].address() - here.address(), segments[i].byteSize());
            }
            plan.run(there);
            for (int i = 0; i < segments.length; i++) {
                place.copy(placed[i].payload, whole[i] == null ? segments[i] : whole[i]);
            }
        } finally {
            for (Placed one : placed) {
                if (one != null) {
                    place.free(one.whole);
                }
            }
        }
        return this;
    }

    MemorySegment segment(String name) {
        for (int i = 0; i < segments.length; i++) {
            if (operands.get(i).name().equals(name)) {
                return segments[i];
            }
        }
        throw new IllegalStateException(plan + " has no operand " + name);
    }

    double[] values(String name) {
        MemorySegment segment = segment(name);
        Operand operand =
                operands.stream().filter(o -> o.name().equals(name)).findFirst().orElseThrow();
        double[] values = new double[(int) operand.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (operand.type()) {
                case BF16, F16 ->
                    HalfFloats.widen(operand.type(), segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
                case F32 -> segment.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
                case I32 -> segment.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
                case I64 -> segment.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
                case U8 -> segment.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
                case S8 -> segment.get(ValueLayout.JAVA_BYTE, i);
            };
        }
        return values;
    }

    /** What is wrong with the results and the memory around them, or null. */
    String wrong(Map<String, Expected> expected, double looseness) {
        String disturbed = disturbed();
        if (disturbed != null) {
            return disturbed;
        }
        for (Map.Entry<String, Expected> output : expected.entrySet()) {
            double[] actual = values(output.getKey());
            String different = Comparison.different(output.getKey(), actual, output.getValue(), looseness);
            if (different != null) {
                return different;
            }
        }
        return null;
    }

    /** A canary or an input that is not what it was. */
    private String disturbed() {
        for (int i = 0; i < segments.length; i++) {
            String name = operands.get(i).name();
            byte[] input = before.get(name);
            if (input != null && segments[i].mismatch(MemorySegment.ofArray(input)) >= 0) {
                return name + " is only read, but was changed at byte "
                        + segments[i].mismatch(MemorySegment.ofArray(input));
            }
            if (whole[i] == null) {
                continue;
            }
            long from = segments[i].address() - whole[i].address();
            long to = from + segments[i].byteSize();
            long ahead = written(whole[i], 0, from);
            long at = ahead >= 0 ? ahead : written(whole[i], to, whole[i].byteSize());
            if (at >= 0) {
                return name + " was written outside, at byte " + (at - from) + " of " + (to - from);
            }
        }
        return null;
    }

    /** The first byte from {@code from} to {@code to} - 1 that is no canary any more, or -1. */
    private static long written(MemorySegment whole, long from, long to) {
        for (long at = from; at < to; at++) {
            if (whole.get(ValueLayout.JAVA_BYTE, at) != PATTERN) {
                return at;
            }
        }
        return -1;
    }

    /** The bytes of all that the plan writes, except what it alone understands. */
    byte[] outputs() {
        int size = 0;
        for (int i = 0; i < segments.length; i++) {
            size += output(i) ? (int) segments[i].byteSize() : 0;
        }
        byte[] all = new byte[size];
        int next = 0;
        for (int i = 0; i < segments.length; i++) {
            if (output(i)) {
                int bytes = (int) segments[i].byteSize();
                MemorySegment.copy(segments[i], ValueLayout.JAVA_BYTE, 0, all, next, bytes);
                next += bytes;
            }
        }
        return all;
    }

    private boolean output(int i) {
        Operand.Access access = operands.get(i).access();
        return access == Operand.Access.WRITE || access == Operand.Access.UPDATE;
    }
}
