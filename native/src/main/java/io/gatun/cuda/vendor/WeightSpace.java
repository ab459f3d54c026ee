package io.gatun.cuda.vendor;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.runtime.CudaRuntime.Copy;
import java.util.ArrayList;
import java.util.List;

/** One block of memory in which cuDNN wants all weights of a layer, and which of our operands' bytes go where in it. */
final class WeightSpace {
    /**
     * A run of bytes that lies behind one another in both.
     *
     * @param operand 0 for the first operand that has weights
     */
    private record Piece(int operand, long from, long to, long bytes) {}

    private final long bytes;
    private final List<Piece> pieces = new ArrayList<>();

    WeightSpace(long bytes) {
        this.bytes = bytes;
    }

    /** Says where the next bytes of an operand go; what goes on where the last ones ended is copied with them. */
    void add(int operand, long to, long count) {
        Piece last = pieces.stream()
                .filter(piece -> piece.operand == operand)
                .reduce((_, later) -> later)
                .orElse(null);
        if (last == null) {
            pieces.add(new Piece(operand, 0, to, count));
        } else if (last.to + last.bytes == to) {
            pieces.set(pieces.indexOf(last), new Piece(operand, last.from, last.to, last.bytes + count));
        } else {
            pieces.add(new Piece(operand, last.from + last.bytes, to, count));
        }
    }

    long bytes() {
        return bytes;
    }

    /** Copies operands, the first of which is {@code frame[first]}, to the space at this address. */
    void pack(CudaContext context, long[] frame, int first, long address) {
        for (Piece piece : pieces) {
            copy(context, frame[first + piece.operand] + piece.from, address + piece.to, piece.bytes);
        }
    }

    /** Copies the space at this address to operands. */
    void unpack(CudaContext context, long address, long[] frame, int first) {
        for (Piece piece : pieces) {
            copy(context, address + piece.to, frame[first + piece.operand] + piece.from, piece.bytes);
        }
    }

    private static void copy(CudaContext context, long from, long to, long count) {
        context.runtime()
                .copyAsync(
                        to, from, count, Copy.DEVICE_TO_DEVICE, context.stream().handle());
    }
}
