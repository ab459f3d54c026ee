package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.CropMirrorNormalizeSpec;

/** One launch; 1 byte read and 4 written a value. */
public final class CropMirrorNormalize {
    private static final int BLOCK = 256;

    /** Values of a row that a thread has at least, where the row has so many. */
    private static final int EACH = 4;

    /** Rows that a thread has a part of at least, for each block copies the table. */
    private static final int ROWS = 4;

    private CropMirrorNormalize() {}

    public static Offer offer(CudaContext context, CropMirrorNormalizeSpec spec) {
        long rows = (long) spec.n() * spec.oh();
        Recipe recipe = Recipe.of(context, "images", "cuda:cropmirrornormalize");
        if (rows > 0) {
            recipe.launch(
                    "gatun_crop_mirror_normalize_f32",
                    grid(rows, spec.ow() * spec.c()),
                    Arg.operand(0),
                    Arg.operand(1),
                    Arg.operand(2),
                    Arg.operand(3),
                    Arg.i64(rows),
                    Arg.i32(spec.h()),
                    Arg.i32(spec.w()),
                    Arg.i32(spec.c()),
                    Arg.i32(spec.oh()),
                    Arg.i32(spec.ow()));
        }
        return Offer.of(recipe.build());
    }

    /** Rows of threads along rows of the result, as long as a quarter of it but whole warps. */
    private static Grid grid(long rows, int length) {
        int warps = Math.clamp(Math.ceilDiv(length, EACH * 32), 1, BLOCK / 32);
        int threads = 32 * Integer.highestOneBit(warps);
        int threadRows = BLOCK / threads;
        long blocks = Math.clamp(Math.ceilDiv(rows, (long) ROWS * threadRows), 1, Grid.MOST_BLOCKS / 8);
        return new Grid((int) blocks, 1, 1, threads, threadRows);
    }
}
