package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.CropMirrorNormalizeSpec;

/**
 * Rows of windows, side by side on the threads. A look-up for each byte, in a table that stays in L1, and 1 B read and 4 B
 * written: scalar loads, of which a gather would need as many.
 */
final class SimdCropMirrorNormalize implements Kernel, Task {
    private final CropMirrorNormalizeSpec spec;
    private final int perPiece;
    private final int pieces;
    private final Workers workers;

    private SimdCropMirrorNormalize(CropMirrorNormalizeSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.perPiece = Math.max(1, Elementwise.PIECE / (spec.ow() * spec.c()));
        this.pieces = Math.toIntExact(Math.ceilDiv((long) spec.n() * spec.oh(), perPiece));
    }

    static Offer offer(CropMirrorNormalizeSpec spec, Workers workers) {
        return Offer.of(new SimdCropMirrorNormalize(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:cropmirrornormalize";
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long from = (long) index * perPiece;
        long to = Math.min((long) spec.n() * spec.oh(), from + perPiece);
        for (long row = from; row < to; row++) {
            row(frame, row);
        }
    }

    private void row(long[] frame, long row) {
        int c = spec.c();
        int ow = spec.ow();
        long image = row / spec.oh();
        long window = frame[2] + 12 * image;
        long y = Raw.i32(window, 0) + row % spec.oh();
        long left = Raw.i32(window, 1);
        boolean mirrored = Raw.i32(window, 2) != 0;
        long dst = frame[3] + row * ow * c * 4;
        boolean there = y >= 0 && y < spec.h();
        // Columns of dst whose pixels are there: [first, end).
        long before = mirrored ? left + ow - spec.w() : -left;
        int first = there ? Math.clamp(before, 0, ow) : ow;
        int end = there ? Math.clamp(before + spec.w(), first, ow) : ow;
        black(frame[1], dst, 0, first);
        long src = frame[0] + ((image * spec.h() + y) * spec.w() + left + (mirrored ? ow - 1 - first : first)) * c;
        pixels(src, mirrored ? -c : c, frame[1], dst + 4L * first * c, end - first);
        black(frame[1], dst, end, ow);
    }

    /** So many pixels, of which the next of src lies {@code step} bytes on. */
    private void pixels(long src, int step, long table, long dst, int count) {
        int c = spec.c();
        for (int x = 0; x < count; x++) {
            for (int k = 0; k < c; k++) {
                int value = Raw.i8(src + (long) x * step, k) & 0xFF;
                Raw.f32(dst, (long) x * c + k, Raw.f32(table, 256L * k + value));
            }
        }
    }

    private void black(long table, long dst, int from, int to) {
        int c = spec.c();
        for (int x = from; x < to; x++) {
            for (int k = 0; k < c; k++) {
                Raw.f32(dst, (long) x * c + k, Raw.f32(table, 256L * k));
            }
        }
    }
}
