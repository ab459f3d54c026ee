package io.gatun.autograd;

import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Scope;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The small things that a step has from the host, side by side: of all that was taken since the step began one copy brings
 * what is new to the device, or one for each {@value #BLOCK} bytes. Each step takes its pieces from the beginning; what an
 * earlier one left there is written over behind its kernels. For the tape's thread.
 */
final class PackedInputs {
    /** More than the optimizer's numbers, 600 random operands and two inputs of {@link #MOST} bytes. */
    private static final long BLOCK = 64 << 10;

    /** Bytes of a piece at most. */
    static final long MOST = BLOCK / 4;

    /** The same bytes where Java writes and where kernels read them. */
    record Piece(MemorySegment host, MemorySegment there) {}

    /** What a step has taken. */
    record Mark(int block, long taken) {}

    private final Place place;
    private final ParameterScope scope;
    private final Arena arena;
    private final List<Piece> blocks = new ArrayList<>();
    private int block;
    private long taken;

    /**
     * None yet.
     *
     * @param scope of the device's memory
     * @param arena of the host's
     */
    PackedInputs(Place place, ParameterScope scope, Arena arena) {
        this.place = place;
        this.scope = scope;
        this.arena = arena;
    }

    /** Nothing is taken. */
    void begin() {
        block = 0;
        taken = 0;
    }

    Mark mark() {
        return new Mark(block, taken);
    }

    /** So much is taken as it was then, by the same step. */
    void restore(Mark mark) {
        block = mark.block;
        taken = mark.taken;
    }

    /** Memory of this step of {@link #MOST} bytes or less, aligned to 64 bytes, on the host and the device. */
    Piece take(long bytes) {
        long room = Scope.aligned(bytes);
        if (taken + room > BLOCK) {
            block++;
            taken = 0;
        }
        if (block == blocks.size()) {
            MemorySegment there = scope.allocate(BLOCK, "small inputs of steps");
            blocks.add(new Piece(arena.allocate(BLOCK, Scope.ALIGNMENT), there));
        }
        Piece from = blocks.get(block);
        Piece piece = new Piece(from.host.asSlice(taken, bytes), from.there.asSlice(taken, bytes));
        taken += room;
        return piece;
    }

    /** Copies a piece. */
    void send(Piece piece) {
        place.copy(piece.host, piece.there);
    }

    /** Copies all that was taken up to there. */
    void send(Mark end) {
        for (int i = 0; i < end.block; i++) {
            send(blocks.get(i));
        }
        if (end.taken > 0) {
            Piece last = blocks.get(end.block);
            place.copy(last.host.asSlice(0, end.taken), last.there);
        }
    }
}
