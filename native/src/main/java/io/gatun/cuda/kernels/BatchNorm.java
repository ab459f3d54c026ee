package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.BatchNormSpec;

/**
 * Batch normalization with the residual and the ReLU in the same passes: training reads src twice, in three launches;
 * inference once, in one; backward src and diffDst twice and dst once, in three. See batchnorm.cu for the bytes.
 */
public final class BatchNorm {
    private static final Arg NONE = Arg.none();

    private final CudaContext context;
    private final BatchNormSpec spec;
    private final DType storage;
    private final RowGrid rows;
    private final int chunks;
    private final int bands;
    private final Grid tiles;

    private BatchNorm(CudaContext context, BatchNormSpec spec, DType storage, RowGrid rows) {
        this.context = context;
        this.spec = spec;
        this.storage = storage;
        this.rows = rows;
        this.chunks = rows.chunks(spec.rows(), 1);
        this.bands = (int) rows.bands(spec.rows(), chunks);
        this.tiles = rows.grid(rows.tilesOf(spec.rows()));
    }

    public static Offer offer(CudaContext context, BatchNormSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** With src, dst, the residual and their gradients in this storage. */
    static Offer offer(CudaContext context, BatchNormSpec spec, DType storage) {
        if (spec.rows() == 0) {
            return Offer.of(Recipe.of(context, "batchnorm", "cuda:batchnorm").build());
        }
        RowGrid rows = RowGrid.tiles(spec.rows(), spec.c());
        String refusal = rows.refusal(rows.tilesOf(spec.rows()));
        if (refusal != null) {
            return Offer.refused(refusal);
        }
        BatchNorm family = new BatchNorm(context, spec, storage, rows);
        Recipe recipe =
                switch (spec.pass()) {
                    case TRAINING -> family.training();
                    case INFERENCE -> family.inference();
                    case BACKWARD -> family.backward();
                };
        return Offer.of(recipe.build());
    }

    private Recipe recipe(String what) {
        return Recipe.of(context, module(storage), "cuda:batchnorm " + what + ' ' + storage.word());
    }

    static String module(DType storage) {
        return storage == DType.F32 ? "batchnorm" : "batchnorm_" + storage.word();
    }

    /** A kernel that there is in each storage. */
    private String kernel(String name) {
        return "gatun_batchnorm_" + name + '_' + storage.word();
    }

    private Arg residual() {
        return spec.residual() ? Arg.operand(1) : NONE;
    }

    private Arg relu() {
        return Arg.i32(spec.relu() ? 1 : 0);
    }

    private Recipe training() {
        int gamma = spec.residual() ? 2 : 1;
        int c = spec.c();
        long table = 3L * 8 * bands * c;
        return recipe("training")
                .scratch(table + 4L * 4 * c)
                .launch(
                        kernel("moments"),
                        rows.grid(bands),
                        Arg.operand(0),
                        Arg.i64(spec.rows()),
                        Arg.i32(c),
                        Arg.i32(bands),
                        Arg.i32(chunks),
                        Arg.scratch(0))
                .launch(
                        kernel("finalize"),
                        RowGrid.finalizing(c, bands),
                        Arg.scratch(0),
                        Arg.operand(0),
                        Arg.operand(gamma),
                        Arg.operand(gamma + 1),
                        Arg.operand(gamma + 2),
                        Arg.operand(gamma + 3),
                        Arg.operand(gamma + 5),
                        Arg.operand(gamma + 6),
                        Arg.scratch(table),
                        Arg.i64(spec.rows()),
                        Arg.i32(c),
                        Arg.i32(bands),
                        Arg.f32(spec.eps()),
                        Arg.f32(spec.momentum()))
                .launch(
                        kernel("apply"),
                        tiles,
                        Arg.operand(0),
                        residual(),
                        Arg.scratch(table),
                        Arg.operand(gamma + 4),
                        Arg.i64(spec.rows()),
                        Arg.i32(c),
                        relu());
    }

    private Recipe inference() {
        int gamma = spec.residual() ? 2 : 1;
        return recipe("inference")
                .launch(
                        kernel("inference"),
                        tiles,
                        Arg.operand(0),
                        residual(),
                        Arg.operand(gamma),
                        Arg.operand(gamma + 1),
                        Arg.operand(gamma + 2),
                        Arg.operand(gamma + 3),
                        Arg.operand(gamma + 4),
                        Arg.i64(spec.rows()),
                        Arg.i32(spec.c()),
                        Arg.f32(spec.eps()),
                        relu());
    }

    /** With a residual its gradient, which is what the ReLU let through, is what the last launch reads; else the mask. */
    private Recipe backward() {
        int diffDst = spec.relu() ? 2 : 1;
        int c = spec.c();
        Arg gamma = Arg.operand(diffDst + 1);
        Arg mean = Arg.operand(diffDst + 2);
        Arg invStd = Arg.operand(diffDst + 3);
        Arg diffResidual = spec.residual() ? Arg.operand(diffDst + 5) : NONE;
        int diffGamma = diffDst + (spec.residual() ? 6 : 5);
        long table = 2L * 8 * bands * c;
        long mask = table + 2L * 4 * c;
        boolean masked = spec.relu() && !spec.residual();
        long maskBytes = masked ? 4L * tiles.x() * (long) rows.threadRows() * Math.ceilDiv(c, 4) : 0;
        return recipe("backward")
                .scratch(mask + maskBytes)
                .launch(
                        kernel("gradients"),
                        rows.grid(bands),
                        Arg.operand(0),
                        spec.relu() ? Arg.operand(1) : NONE,
                        Arg.operand(diffDst),
                        mean,
                        invStd,
                        diffResidual,
                        masked ? Arg.scratch(mask) : NONE,
                        Arg.i64(spec.rows()),
                        Arg.i32(c),
                        Arg.i32(chunks),
                        Arg.scratch(0))
                .module("batchnorm")
                .launch(
                        "gatun_batchnorm_finalize_gradients_f32",
                        RowGrid.finalizing(c, bands),
                        Arg.scratch(0),
                        invStd,
                        Arg.operand(diffGamma),
                        Arg.operand(diffGamma + 1),
                        Arg.scratch(table),
                        Arg.i64(spec.rows()),
                        Arg.i32(c),
                        Arg.i32(bands))
                .module(module(storage))
                .launch(
                        kernel("apply_gradients"),
                        tiles,
                        Arg.operand(0),
                        spec.residual() ? diffResidual : Arg.operand(diffDst),
                        masked ? Arg.scratch(mask) : NONE,
                        gamma,
                        mean,
                        invStd,
                        Arg.scratch(table),
                        Arg.operand(diffDst + 4),
                        Arg.i64(spec.rows()),
                        Arg.i32(c));
    }
}
