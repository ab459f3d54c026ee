package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.MixedSpec;

/**
 * Convolution on NHWC images and OHWI filters: an implicit GEMM in one launch forward and backward to the data, in one or
 * two backward to the weights (the sums of each split of the pixels, and their sum), and direct kernels for a few channels
 * a group. {@link ConvTiles} chooses.
 */
public final class Convolution {
    private static final int DIRECT_THREADS = 256;

    /** Lanes of a warp, which are channels of the direct kernels, and pixels of one of their blocks. */
    private static final int LANES = 32;

    private static final int STRIP = 128;

    /** Columns of a filter that a block of the direct backward weights has. */
    private static final int COLUMNS = 8;

    /** Pixels, elements of one image or of the filters, and blocks are counted in 31 bits, and rounded up to a tile. */
    private static final long MOST = Integer.MAX_VALUE - 1_024;

    private final CudaContext context;
    private final ConvSpec spec;
    private final ConvMath math;
    private final int icg;
    private final int ocg;
    private final long pixels;

    private Convolution(CudaContext context, ConvSpec spec, ConvMath math) {
        this.context = context;
        this.spec = spec;
        this.math = math;
        this.icg = spec.ic() / spec.groups();
        this.ocg = spec.oc() / spec.groups();
        this.pixels = (long) spec.n() * spec.oh() * spec.ow();
    }

    /** In fp32, or with factors rounded to TF32 where {@code -Dgatun.cuda.tf32=true} says so. */
    public static Offer offer(CudaContext context, ConvSpec spec) {
        return offer(context, spec, Gemm.tf32() ? ConvMath.TF32 : ConvMath.F32);
    }

    /** With images and filters in the mixed spec's storage: {@code spec} is what it is of. */
    public static Offer offer(CudaContext context, MixedSpec mixed, ConvSpec spec) {
        return offer(context, spec, ConvMath.of(mixed.storage()));
    }

    private static Offer offer(CudaContext context, ConvSpec spec, ConvMath math) {
        long image = Math.max((long) spec.h() * spec.w() * spec.ic(), (long) spec.oh() * spec.ow() * spec.oc());
        long pixels = Math.max((long) spec.h() * spec.w(), (long) spec.oh() * spec.ow()) * spec.n();
        long filters = (long) spec.oc() * spec.kh() * spec.kw() * (spec.ic() / spec.groups());
        if (image > MOST || pixels > MOST || filters > MOST) {
            return Offer.refused("2^31 pixels, or elements of one image or of the filters");
        }
        return new Convolution(context, spec, math).offer();
    }

    private Offer offer() {
        boolean nothing = spec.operands().getLast().elements() == 0;
        return switch (spec.direction()) {
            case FORWARD -> nothing ? empty() : forward();
            case BACKWARD_DATA -> nothing ? empty() : pixels == 0 ? zeros() : backwardData();
            case BACKWARD_WEIGHTS -> pixels == 0 ? zeros() : backwardWeights();
        };
    }

    private Offer empty() {
        return Offer.of(Recipe.of(context, math.module, "cuda:conv empty").build());
    }

    /** Gradients that are sums of nothing. */
    private Offer zeros() {
        Recipe recipe = Recipe.of(context, math.module, "cuda:conv empty");
        boolean data = spec.direction() == ConvSpec.Direction.BACKWARD_DATA;
        recipe.zero(Arg.operand(2), elements(2) * (data ? math.storage.bytes() : Float.BYTES));
        if (spec.bias()) {
            recipe.zero(Arg.operand(3), elements(3) * Float.BYTES);
        }
        return Offer.of(recipe.build());
    }

    private long elements(int operand) {
        return spec.operands().get(operand).elements();
    }

    private Offer forward() {
        Arg bias = spec.bias() ? Arg.operand(2) : Arg.none();
        ConvArguments arguments = new ConvArguments(
                        Arg.operand(0), Arg.operand(1), bias, Arg.operand(spec.bias() ? 3 : 2))
                .gather(spec)
                .activation(spec.activation());
        return images("forward", icg, ocg, 1, arguments);
    }

    private Offer backwardData() {
        long phases = (long) Math.min(spec.sh(), spec.h()) * Math.min(spec.sw(), spec.w());
        ConvArguments arguments = new ConvArguments(Arg.operand(0), Arg.operand(1), Arg.operand(2)).gather(spec);
        return images("data", ocg, icg, phases, arguments);
    }

    /** @param kc channels of a group that are summed over, {@code nc} those of the results */
    private Offer images(String direction, int kc, int nc, long phases, ConvArguments arguments) {
        long rows = (long) spec.n() * ConvArguments.phaseRows(spec) * ConvArguments.phaseColumns(spec);
        if (ConvTiles.direct(spec, kc, nc)) {
            long blocks = (long) Math.ceilDiv(nc * spec.groups(), LANES) * Math.ceilDiv(rows, STRIP) * phases;
            String kernel = "gatun_conv_direct_" + direction + "_" + math.direct();
            return launch("conv_direct", "direct", kernel, blocks, DIRECT_THREADS, arguments);
        }
        ConvTiles.Tile tile = ConvTiles.images(math, rows, nc, phases * spec.groups());
        long blocks = tile.blocks(rows, nc) * spec.groups() * phases;
        String kernel = "gatun_conv_" + direction + "_" + tile.name() + "_" + math.suffix();
        return launch(math.module, tile.name() + " " + math.suffix(), kernel, blocks, tile.threads(), arguments);
    }

    private Offer launch(String module, String how, String kernel, long blocks, int threads, ConvArguments arguments) {
        return blocks > MOST
                ? tooManyBlocks(blocks)
                : Offer.of(Recipe.of(context, module, "cuda:conv " + how)
                        .launch(kernel, Grid.blocks(blocks, threads), arguments.all())
                        .build());
    }

    private static Offer tooManyBlocks(long blocks) {
        return Offer.refused(blocks + " blocks of threads, more than a launch has");
    }

    private Offer backwardWeights() {
        boolean direct = ConvTiles.directWeights(spec);
        long columns = (long) spec.kh() * spec.kw() * icg;
        ConvTiles.Tile tile = ConvTiles.filters(math, ocg, columns);
        long blocks = direct
                ? (long) Math.ceilDiv(spec.oc(), LANES) * icg * Math.ceilDiv(spec.kw(), COLUMNS) * spec.kh()
                : tile.blocks(ocg, columns) * spec.groups();
        ConvTiles.Splits splits = direct ? ConvTiles.directSplits(pixels, blocks) : ConvTiles.splits(pixels, blocks);
        if (blocks * splits.count() > MOST) {
            return tooManyBlocks(blocks * splits.count());
        }
        String how = direct ? "direct" : tile.name() + " " + math.suffix();
        Recipe recipe = Recipe.of(context, direct ? "conv_direct" : math.module, "cuda:conv " + how);
        long scratch = scratch(splits, elements(2));
        recipe.launch(
                "gatun_conv_" + (direct ? "direct_weights_" + math.direct() : "weights_" + how.replace(' ', '_')),
                Grid.blocks(blocks * splits.count(), direct ? DIRECT_THREADS : tile.threads()),
                new ConvArguments(Arg.operand(0), Arg.operand(1), sums(splits, 2))
                        .filters(spec, splits)
                        .all());
        recipe.module("conv_direct");
        add(recipe, splits, 2);
        if (spec.bias()) {
            scratch = Math.max(scratch, addBias(recipe));
        }
        return Offer.of(recipe.scratch(scratch).build());
    }

    /**
     * The gradient of the bias alone, into the last operand of a spec backward to the weights: for who has the weights'
     * from elsewhere. There are pixels.
     */
    public static Offer biasGradient(CudaContext context, ConvSpec spec, DType storage) {
        if ((long) spec.n() * spec.oh() * spec.ow() > MOST) {
            return Offer.refused("2^31 pixels");
        }
        Recipe recipe = Recipe.of(context, "conv_direct", "cuda:conv bias");
        long scratch = new Convolution(context, spec, ConvMath.of(storage)).addBias(recipe);
        return Offer.of(recipe.scratch(scratch).build());
    }

    /** Into a recipe of the direct kernels; returns the scratch that it needs. */
    private long addBias(Recipe recipe) {
        int channels = Math.ceilDiv(spec.oc(), LANES);
        ConvTiles.Splits splits = ConvTiles.directSplits(pixels, channels);
        recipe.launch(
                "gatun_conv_bias_" + math.direct(),
                Grid.blocks((long) channels * splits.count(), DIRECT_THREADS),
                new ConvArguments(Arg.operand(1), sums(splits, 3))
                        .integers(spec.oc(), (int) pixels, splits.length())
                        .all());
        add(recipe, splits, 3);
        return scratch(splits, spec.oc());
    }

    /** One split's sums are the result; those of several lie in scratch, which both gradients use in turn. */
    private static Arg sums(ConvTiles.Splits splits, int operand) {
        return splits.count() == 1 ? Arg.operand(operand) : Arg.scratch(0);
    }

    private static long scratch(ConvTiles.Splits splits, long elements) {
        return splits.count() == 1 ? 0 : splits.count() * elements * Float.BYTES;
    }

    private void add(Recipe recipe, ConvTiles.Splits splits, int operand) {
        if (splits.count() > 1) {
            long count = elements(operand);
            recipe.launch(
                    "gatun_conv_sum_f32",
                    Grid.of(count, DIRECT_THREADS),
                    Arg.scratch(0),
                    Arg.operand(operand),
                    Arg.i64(count),
                    Arg.i32(splits.count()));
        }
    }
}
