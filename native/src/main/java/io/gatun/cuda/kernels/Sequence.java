package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;

/**
 * What the recipes of recurrent layers share: the matrix products of the whole sequence, with the gates' rows of all steps
 * one behind the other, and the launches of its steps. Scratch memory is taken by {@link #reserve} before the first product,
 * because the products' partial sums come behind it. Inputs, states, weights and the gradients of gates are in the storage;
 * gates, cell states and the gradients of weights and biases are float.
 */
final class Sequence {
    /** Rows of the batch and columns of the product that a block of recurrent.cu has, times its columns a thread. */
    private static final int ROWS = 16;

    private static final int COLUMNS = 8;

    private final Recipe recipe;
    private final DType storage;
    private final int gates;
    private final int t;
    private final int b;
    private final int i;
    private final int h;
    private long reserved;
    private long partial;

    Sequence(CudaContext context, String implementation, DType storage, int gates, int t, int b, int i, int h) {
        this.recipe = Recipe.of(context, "recurrent", implementation);
        this.storage = storage;
        this.gates = gates;
        this.t = t;
        this.b = b;
        this.i = i;
        this.h = h;
    }

    /** Null, or why such a sequence is not taken. */
    static String refusal(int t, int b) {
        return (long) t * b > Integer.MAX_VALUE || Math.ceilDiv(b, ROWS) > Grid.MOST_YZ
                ? "more than 2^31 - 1 rows of all steps, or a batch of more than a million"
                : null;
    }

    /** The recipe with all scratch that was asked for. */
    Recipe recipe() {
        return recipe.scratch(reserved + partial);
    }

    /** Scratch memory: its offset. */
    long reserve(long bytes) {
        long at = reserved;
        reserved += Math.ceilDiv(bytes, 64L) * 64;
        return at;
    }

    /** Bytes of a state of one step, [b, h], in the storage. */
    long state() {
        return (long) storage.bytes() * b * h;
    }

    /** Bytes of as many floats: a cell state. */
    long floats() {
        return 4L * b * h;
    }

    /** A launch of one step's kernel, named without its type. */
    void step(String function, int columnsOfThread, Arg... arguments) {
        recipe.module(module())
                .launch(
                        function + "_" + storage.word(),
                        Grid.blocks(Math.ceilDiv(h, COLUMNS * columnsOfThread), Math.ceilDiv(b, ROWS), 256),
                        arguments);
    }

    /**
     * gates [t b, gates h] = src weightsIhᵀ + bias as floats, {@code stride} of them from row to row. Its k is never cut, so a row's
     * bits do not depend on how many there are.
     */
    void inputs(Arg src, Arg weights, Arg bias, Arg to, int stride) {
        GemmSpec spec = new GemmSpec(
                t * b, gates * h, i, 1, false, true, i, i, stride, 0, 0, 0, 1, 0, true, Activation.IDENTITY);
        GemmMath math = Gemm.math(storage);
        GemmPlan best = GemmPlan.of(spec, math);
        int side = best.way() == GemmPlan.Way.TILES ? best.side() : math == GemmMath.F32 ? 32 : 64;
        product(spec, GemmPlan.tiles(spec, math, side, 1), src, weights, bias, to, true);
    }

    /** diffSrc [t b, i] = diff [t b, gates h] weightsIh. */
    void diffSrc(long diff, Arg weights, Arg to) {
        product(GemmSpec.of(t * b, i, gates * h), Arg.scratch(diff), weights, to, false);
    }

    /** diffWeightsIh [gates h, i] = diffᵀ src. */
    void diffWeightsIh(long diff, Arg src, Arg to) {
        product(GemmSpec.of(gates * h, i, t * b, true, false), Arg.scratch(diff), src, to, true);
    }

    /** diffWeightsHh [gates h, h] = diff of the first step transposed h0, plus that of the others dst. */
    void diffWeightsHh(long diff, Arg h0, Arg dst, Arg to) {
        product(GemmSpec.of(gates * h, h, b, true, false), Arg.scratch(diff), h0, to, true);
        if (t > 1) {
            int rows = gates * h;
            GemmSpec others = new GemmSpec(
                    rows, h, (t - 1) * b, 1, true, false, rows, h, h, 0, 0, 0, 1, 1, false, Activation.IDENTITY);
            product(others, Arg.scratch(diff + gates * state()), dst, to, true);
        }
    }

    /** The gradient of a bias, or of two that have the same; {@code partials} from {@link #biasPartials}. */
    void diffBias(long diff, long partials, Arg to, Arg second) {
        int c = gates * h;
        RowGrid rows = RowGrid.tiles((long) t * b, c);
        int chunks = rows.chunks((long) t * b, 1);
        long bands = rows.bands((long) t * b, chunks);
        recipe.module(module())
                .launch(
                        "gatun_recurrent_bands_" + storage.word(),
                        rows.grid(bands),
                        Arg.scratch(diff),
                        Arg.i64((long) t * b),
                        Arg.i32(c),
                        Arg.i32(chunks),
                        Arg.scratch(partials))
                .module("recurrent")
                .launch(
                        "gatun_recurrent_bias_f32",
                        RowGrid.finalizing(c, bands),
                        Arg.scratch(partials),
                        to,
                        second,
                        Arg.i32(c),
                        Arg.i32((int) bands));
    }

    /** Reserves what {@link #diffBias} needs. */
    long biasPartials() {
        RowGrid rows = RowGrid.tiles((long) t * b, gates * h);
        return reserve(8 * rows.bands((long) t * b, rows.chunks((long) t * b, 1)) * gates * h);
    }

    private void product(GemmSpec spec, Arg a, Arg with, Arg to, boolean floats) {
        product(spec, GemmPlan.of(spec, Gemm.math(storage)), a, with, Arg.none(), to, floats);
    }

    private void product(GemmSpec spec, GemmPlan plan, Arg a, Arg with, Arg bias, Arg to, boolean floats) {
        partial = Math.max(partial, Gemm.partialBytes(spec, plan));
        boolean wide = floats && storage != DType.F32;
        Gemm.add(recipe, spec, plan, new Gemm.Operands(a, with, bias, to, Arg.scratch(reserved)), wide);
    }

    private String module() {
        return storage == DType.F32 ? "recurrent" : "recurrent_" + storage.word();
    }
}
