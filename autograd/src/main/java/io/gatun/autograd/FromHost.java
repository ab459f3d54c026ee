package io.gatun.autograd;

import io.gatun.memory.NativeMemory;
import io.gatun.memory.NativeMemoryException;
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
 * be one graph. What is small of them lies side by side and is one copy.
 */
final class FromHost implements AutoCloseable {
    /** Random operands that are filled at once: 1.5 KB, more dropouts than most nets have. */
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
    private final PackedInputs packed;

    /** Random operands of this step, so many in each. */
    private final List<MemorySegment> operands = new ArrayList<>();

    FromHost(Tape tape, NativeMemory memory, long seed) {
        this.tape = tape;
        this.place = memory.place();
        this.seed = seed;
        this.scope = memory.parameters("constants of steps");
        this.packed = new PackedInputs(place, scope, arena);
    }

    /** A step begins, which has had nothing yet. */
    void begin() {
        operands.clear();
        packed.begin();
    }

    /** What the step has had of what is small. */
    PackedInputs.Mark mark() {
        return packed.mark();
    }

    /** A step that had so much is to be repeated. */
    void restore(PackedInputs.Mark mark) {
        packed.restore(mark);
    }

    /** Copies what is small of a step that had so much: its uploads have been done before. */
    void send(PackedInputs.Mark end) {
        packed.send(end);
    }

    /** The rng operand of that stream: seed, step, stream. */
    MemorySegment random(int stream) {
        while (operands.size() <= stream / OPERANDS) {
            long first = (long) OPERANDS * operands.size();
            PackedInputs.Piece piece = take(OPERANDS * OPERAND);
            tape.upload(piece.host(), () -> fill(piece.host(), first));
            packed.send(piece);
            operands.add(piece.there());
        }
        return operands.get(stream / OPERANDS).asSlice(stream % OPERANDS * OPERAND, OPERAND);
    }

    private void fill(MemorySegment rng, long first) {
        for (int i = 0; i < OPERANDS; i++) {
            rng.setAtIndex(ValueLayout.JAVA_LONG, 3L * i, seed);
            rng.setAtIndex(ValueLayout.JAVA_LONG, 3L * i + 1, tape.step());
            rng.setAtIndex(ValueLayout.JAVA_LONG, 3L * i + 2, first + i);
        }
    }

    private PackedInputs.Piece take(long bytes) {
        try {
            return packed.take(bytes);
        } catch (NativeMemoryException e) {
            tape.takeBack();
            throw e;
        }
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
        if (host.byteSize() > PackedInputs.MOST) {
            MemorySegment there = tape.fresh(host.byteSize(), "input");
            tape.upload(host, () -> place.copy(host, there));
            return there;
        }
        PackedInputs.Piece piece = take(host.byteSize());
        tape.upload(host, () -> piece.host().copyFrom(host));
        packed.send(piece);
        return piece.there();
    }

    @Override
    public void close() {
        scope.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
