package io.gatun.perf.bench;

import io.gatun.kernel.Operand;
import io.gatun.memory.Place;
import io.gatun.memory.Scope;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The yardstick of kernels on a device that memory bounds: the device's own copy of the bytes that the kernel must move,
 * {@link Spec#bytes} and {@link Spec#bytesAgain}, half of them read and half written, between two buffers that together are
 * as large as the operands.
 */
final class DeviceCopy implements Racer {
    private final Place place;
    private final double counted;
    private final double moved;

    /** From, to, from, to: where operands are updated or read again the bytes are more than the buffers hold. */
    private final List<MemorySegment> pieces = new ArrayList<>();

    DeviceCopy(Spec spec, Place place, Scope scope) {
        this.place = place;
        long set = 0;
        for (Operand operand : spec.operands()) {
            set += operand.bytes();
        }
        this.counted = spec.bytes();
        this.moved = spec.bytes() + spec.bytesAgain();
        MemorySegment from = scope.allocate(Math.max(64, set / 2), "copied from");
        MemorySegment to = scope.allocate(from.byteSize(), "copied to");
        place.fill(from, (byte) 1);
        long left = Math.max(64, (long) (moved / 2));
        while (left > 0) {
            long piece = Math.min(left, from.byteSize());
            pieces.add(from.asSlice(0, piece));
            pieces.add(to.asSlice(0, piece));
            left -= piece;
        }
    }

    @Override
    public double once() {
        return counted / moved;
    }

    @Override
    public String name() {
        return Copy.NAME;
    }

    @Override
    public String implementation() {
        return "the device's copy of as many bytes";
    }

    @Override
    public void run() {
        for (int i = 0; i < pieces.size(); i += 2) {
            place.copy(pieces.get(i), pieces.get(i + 1));
        }
    }

    @Override
    public void finish() {
        place.synchronize();
    }
}
