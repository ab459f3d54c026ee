package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.QuantizeSpec;

/** Numbers to bytes: 4 B read and 1 B written an element, ten operations a vector. */
final class SimdQuantize implements Kernel {
    private static final int SCRATCH_SLOT = 5;

    private final long count;
    private final int piece;
    private final Workers workers;
    private final Task quantize = this::quantize;

    private SimdQuantize(QuantizeSpec spec, Workers workers) {
        this.count = spec.count();
        this.piece = Elementwise.piece(count);
        this.workers = workers;
    }

    static Offer offer(QuantizeSpec spec, Workers workers) {
        return Offer.of(new SimdQuantize(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:quantize";
    }

    /** A flag, which any piece may set to NaN, and behind it the zero point. */
    @Override
    public long scratchBytes() {
        return 8;
    }

    @Override
    public void execute(long[] frame) {
        long flag = frame[SCRATCH_SLOT];
        Raw.f32(flag, 0, 0);
        Raw.i32(flag, 1, Raw.i32(frame[2], 0));
        workers.runApart(Math.toIntExact(Math.ceilDiv(count, piece)), quantize, frame);
        Raw.f32(frame[4], 0, Raw.f32(frame[1], 0) + Raw.f32(flag, 0));
    }

    private void quantize(long[] frame, int index, int worker) {
        long from = (long) index * piece;
        int n = (int) Math.min(piece, count - from);
        float reciprocal = 1 / Raw.f32(frame[1], 0);
        ByteLoops.quantize(frame[0] + 4 * from, frame[3] + from, frame[SCRATCH_SLOT], n, reciprocal);
    }
}
