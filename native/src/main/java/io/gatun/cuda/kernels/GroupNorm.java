package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.Pass;

/**
 * Group, layer and instance normalization. Samples of one pixel, layer normalization among them, take one launch, with a
 * warp or a block to a group; others three, as batch normalization. The gradients of gamma and beta take two more of the
 * former and one more of the latter. See groupnorm.cu for the bytes.
 */
public final class GroupNorm {
    /** Numbers of a group that one warp has in registers: 16 a lane. */
    private static final int WARP = 512;

    private static final Arg NONE = Arg.none();

    private final GroupNormSpec spec;
    private final DType storage;
    private final Recipe recipe;
    private final int c;
    private final long statistics;

    private GroupNorm(CudaContext context, GroupNormSpec spec, DType storage) {
        this.spec = spec;
        this.storage = storage;
        this.recipe = Recipe.of(
                context, module(), "cuda:groupnorm " + (spec.hw() == 1 ? "rows " : "pixels ") + storage.word());
        this.c = spec.c();
        this.statistics = spec.n() * spec.groups();
    }

    public static Offer offer(CudaContext context, GroupNormSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** With src, dst and their gradients in this storage. */
    static Offer offer(CudaContext context, GroupNormSpec spec, DType storage) {
        RowGrid pixels = RowGrid.tiles(spec.hw(), spec.c());
        String refusal = pixels.refusal(Math.max(1, spec.n()) * pixels.tilesOf(spec.hw()));
        if (refusal == null && spec.n() * spec.groups() > Integer.MAX_VALUE) {
            refusal = "more than 2^31 - 1 groups";
        }
        return refusal != null
                ? Offer.refused(refusal)
                : Offer.of(new GroupNorm(context, spec, storage).recipe(pixels).build());
    }

    private String module() {
        return storage == DType.F32 ? "groupnorm" : "groupnorm_" + storage.word();
    }

    /** A kernel that there is in each storage. */
    private String kernel(String name) {
        return "gatun_" + name + '_' + storage.word();
    }

    /** The gradients of gamma and beta from so many bands of sums, which are float whatever the storage. */
    private Recipe affine(long bands) {
        return recipe.module("groupnorm")
                .launch(
                        "gatun_groupnorm_affine_f32",
                        RowGrid.finalizing(c, bands),
                        Arg.scratch(0),
                        Arg.operand(6),
                        Arg.operand(7),
                        Arg.i32(c),
                        Arg.i64(bands));
    }

    private Recipe recipe(RowGrid pixels) {
        boolean backward = spec.pass() == Pass.BACKWARD;
        if (spec.n() == 0) {
            return backward && spec.affine() ? affine(0) : recipe;
        }
        if (spec.hw() > 1) {
            return backward ? pixelsBackward(pixels) : pixelsForward(pixels);
        }
        return backward ? rowsBackward() : rowsForward();
    }

    private Arg when(boolean there, int operand) {
        return there ? Arg.operand(operand) : NONE;
    }

    private Arg mean() {
        return spec.pass() == Pass.BACKWARD
                ? Arg.operand(spec.affine() ? 3 : 2)
                : when(spec.pass() == Pass.TRAINING, spec.affine() ? 4 : 2);
    }

    private Arg invStd() {
        return spec.pass() == Pass.BACKWARD
                ? Arg.operand(spec.affine() ? 4 : 3)
                : when(spec.pass() == Pass.TRAINING, spec.affine() ? 5 : 3);
    }

    private Arg dst() {
        return Arg.operand(spec.affine() ? 3 : 1);
    }

    private Arg diffSrc() {
        return Arg.operand(spec.affine() ? 5 : 4);
    }

    // ---- one pixel to a sample: a group is numbers side by side ----

    private int cols() {
        return c / spec.groups();
    }

    private Grid rowGrid() {
        return cols() <= WARP
                ? Grid.blocks(Math.ceilDiv(statistics, 8), (int) Math.min(8, statistics) * 32)
                : Grid.blocks(statistics, 256);
    }

    private Recipe rowsForward() {
        return recipe.launch(
                cols() <= WARP ? kernel("layernorm_warp") : kernel("layernorm_block"),
                rowGrid(),
                Arg.operand(0),
                when(spec.affine(), 1),
                when(spec.affine(), 2),
                dst(),
                mean(),
                invStd(),
                Arg.i64(statistics),
                Arg.i32(cols()),
                Arg.i32(spec.groups()),
                Arg.f32(spec.eps()));
    }

    private Recipe rowsBackward() {
        recipe.launch(
                cols() <= WARP ? kernel("layernorm_warp_backward") : kernel("layernorm_block_backward"),
                rowGrid(),
                Arg.operand(0),
                Arg.operand(1),
                when(spec.affine(), 2),
                mean(),
                invStd(),
                diffSrc(),
                Arg.i64(statistics),
                Arg.i32(cols()),
                Arg.i32(spec.groups()));
        if (!spec.affine()) {
            return recipe;
        }
        RowGrid samples = RowGrid.tiles(spec.n(), c);
        int chunks = samples.chunks(spec.n(), 1);
        long bands = samples.bands(spec.n(), chunks);
        recipe.scratch(2L * 8 * bands * c)
                .launch(
                        kernel("layernorm_gradients"),
                        samples.grid(bands),
                        Arg.operand(0),
                        Arg.operand(1),
                        mean(),
                        invStd(),
                        Arg.i64(spec.n()),
                        Arg.i32(c),
                        Arg.i32(spec.groups()),
                        Arg.i32(chunks),
                        Arg.scratch(0));
        return affine(bands);
    }

    // ---- many pixels ----

    /** A warp for each group of each sample. */
    private Grid finalizing() {
        return Grid.blocks(Math.ceilDiv(statistics, 8), (int) Math.min(8, statistics) * 32);
    }

    private Recipe pixelsForward(RowGrid pixels) {
        int chunks = pixels.chunks(spec.hw(), spec.n());
        int bands = (int) pixels.bands(spec.hw(), chunks);
        int tiles = (int) pixels.tilesOf(spec.hw());
        long table = 3L * 8 * spec.n() * bands * c;
        return recipe.scratch(table + 3L * 4 * statistics)
                .module(BatchNorm.module(storage))
                .launch(
                        kernel("batchnorm_moments"),
                        pixels.grid(spec.n() * bands),
                        Arg.operand(0),
                        Arg.i64(spec.hw()),
                        Arg.i32(c),
                        Arg.i32(bands),
                        Arg.i32(chunks),
                        Arg.scratch(0))
                .module(module())
                .launch(
                        kernel("groupnorm_finalize"),
                        finalizing(),
                        Arg.scratch(0),
                        Arg.operand(0),
                        mean(),
                        invStd(),
                        Arg.scratch(table),
                        Arg.i64(statistics),
                        Arg.i64(spec.hw()),
                        Arg.i32(c),
                        Arg.i32(spec.groups()),
                        Arg.i32(bands),
                        Arg.i64(pixels.bandRows(chunks)),
                        Arg.f32(spec.eps()))
                .launch(
                        kernel("groupnorm_apply"),
                        pixels.grid(spec.n() * tiles),
                        Arg.operand(0),
                        when(spec.affine(), 1),
                        when(spec.affine(), 2),
                        Arg.scratch(table),
                        dst(),
                        Arg.i64(statistics),
                        Arg.i64(spec.hw()),
                        Arg.i32(c),
                        Arg.i32(spec.groups()),
                        Arg.i32(tiles));
    }

    private Recipe pixelsBackward(RowGrid pixels) {
        int chunks = pixels.chunks(spec.hw(), spec.n());
        int bands = (int) pixels.bands(spec.hw(), chunks);
        int tiles = (int) pixels.tilesOf(spec.hw());
        long table = 2L * 8 * spec.n() * bands * c;
        recipe.scratch(table + 2L * 4 * statistics)
                .launch(
                        kernel("groupnorm_gradients"),
                        pixels.grid(spec.n() * bands),
                        Arg.operand(0),
                        Arg.operand(1),
                        mean(),
                        invStd(),
                        Arg.i64(spec.hw()),
                        Arg.i32(c),
                        Arg.i32(spec.groups()),
                        Arg.i32(bands),
                        Arg.i32(chunks),
                        Arg.scratch(0))
                .module("groupnorm")
                .launch(
                        "gatun_groupnorm_finalize_gradients_f32",
                        finalizing(),
                        Arg.scratch(0),
                        when(spec.affine(), 2),
                        Arg.scratch(table),
                        Arg.i64(statistics),
                        Arg.i64(spec.hw()),
                        Arg.i32(c),
                        Arg.i32(spec.groups()),
                        Arg.i32(bands))
                .module(module())
                .launch(
                        kernel("groupnorm_apply_gradients"),
                        pixels.grid(spec.n() * tiles),
                        Arg.operand(0),
                        Arg.operand(1),
                        when(spec.affine(), 2),
                        mean(),
                        invStd(),
                        Arg.scratch(table),
                        diffSrc(),
                        Arg.i64(statistics),
                        Arg.i64(spec.hw()),
                        Arg.i32(c),
                        Arg.i32(spec.groups()),
                        Arg.i32(tiles));
        if (spec.affine()) {
            return affine(spec.n() * bands);
        }
        return recipe;
    }
}
