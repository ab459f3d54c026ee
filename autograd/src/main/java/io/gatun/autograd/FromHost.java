package io.gatun.autograd;

import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a step on a device has from the host. Constants are copied there once and stay. Random operands, 24 bytes each, and
 * inputs are copied before a repetition begins, to memory that nothing else in the step writes: so all that follows them can
 * be one graph.
 */
final class FromHost implements AutoCloseable {
    /** Random operands that are copied at once: 1.5 KB, more dropouts than most nets have. */
    private static final int OPERANDS = 64;

    private static final long OPERAND = 3 * Long.BYTES;

    /** Constants beyond so many bytes are copied in each step: code whose constants differ from step to step. */
    private static final long MOST = 16 << 20;

    private final Tape tape;
    private final Place place;
    private final ParameterScope scope;
    private final Arena arena = Arena.ofShared();
    private final long seed;

    /** By their bytes. */
    private final Map<ByteBuffer, MemorySegment> constants = new HashMap<>();

    private long held;
    private final List<Operands> operands = new ArrayList<>();

    FromHost(Tape tape, NativeMemory memory, long seed) {
        this.tape = tape;
        this.place = memory.place();
        this.seed = seed;
        this.scope = memory.parameters("constants of steps");
    }

    /** So many random operands that follow each other, on the host and the device. */
    private static final class Operands {
        private final long first;
        private final MemorySegment there;
        private final MemorySegment host;

        /** Whether they are this step's already. */
        private boolean current;

        Operands(long first, MemorySegment there, MemorySegment host) {
            this.first = first;
            this.there = there;
            this.host = host;
        }
    }

    /** A step begins: no operand is of its number yet. */
    void begin() {
        for (int i = 0; i < operands.size(); i++) {
            operands.get(i).current = false;
        }
    }

    /** The rng operand of that stream: seed, step, stream. */
    MemorySegment random(int stream) {
        while (operands.size() <= stream / OPERANDS) {
            long bytes = OPERANDS * OPERAND;
            long first = (long) OPERANDS * operands.size();
            operands.add(new Operands(
                    first, scope.allocate(bytes, "rng"), arena.allocate(bytes, ValueLayout.JAVA_LONG.byteSize())));
        }
        Operands of = operands.get(stream / OPERANDS);
        if (!of.current) {
            of.current = true;
            tape.upload(of.host, () -> fill(of));
        }
        return of.there.asSlice(stream % OPERANDS * OPERAND, OPERAND);
    }

    private void fill(Operands of) {
        for (int i = 0; i < OPERANDS; i++) {
            of.host.setAtIndex(ValueLayout.JAVA_LONG, 3L * i, seed);
            of.host.setAtIndex(ValueLayout.JAVA_LONG, 3L * i + 1, tape.step());
            of.host.setAtIndex(ValueLayout.JAVA_LONG, 3L * i + 2, of.first + i);
        }
        place.copy(of.host, of.there);
    }

    /** Memory of the device with these values of the heap, which nobody may write. */
    MemorySegment constant(MemorySegment values) {
        ByteBuffer bytes = ByteBuffer.wrap(values.toArray(ValueLayout.JAVA_BYTE));
        MemorySegment known = constants.get(bytes);
        if (known != null) {
            return known;
        }
        if (held + bytes.capacity() > MOST) {
            MemorySegment host = Arena.ofAuto().allocate(bytes.capacity(), Long.BYTES);
            return input(host.copyFrom(values));
        }
        MemorySegment made = scope.allocate(bytes.capacity(), "constant");
        Places.copy(values, made);
        held += bytes.capacity();
        constants.put(bytes, made);
        return made;
    }

    /** Memory of this step with what lies there on the host, in each repetition anew. */
    MemorySegment input(MemorySegment host) {
        if (!host.isNative()) {
            throw new IllegalArgumentException("an input of " + host.byteSize()
                    + " bytes is on the Java heap; allocate it from an Arena, or give the values to Tape.tensor");
        }
        MemorySegment there = tape.fresh(host.byteSize(), "input");
        tape.upload(host, () -> place.copy(host, there));
        return there;
    }

    @Override
    public void close() {
        scope.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
