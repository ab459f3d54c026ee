package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.CudaSettings;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.spec.GemmSpec;
import java.util.Arrays;

/**
 * Matrix products by Gatun's own kernels, all specs: in fp32 on the plain pipes, or with {@code -Dgatun.cuda.tf32=true} on
 * the tensor cores with factors rounded to TF32; in 16-bit storage on the tensor cores. One launch, or two where k is cut: see {@link GemmPlan}.
 */
public final class Gemm {
    /** Threads of the kernels for few vectors and of the one that adds slices up. */
    private static final int THREADS = 128;

    /** Of m, n and k: the kernels count beyond them by a tile, a slice or a grid. */
    private static final int MOST = 1_000_000_000;

    private static final int MOST_BATCHES = 65_535;

    private Gemm() {}

    public static Offer offer(CudaContext context, GemmSpec spec) {
        return offer(context, spec, math(), false);
    }

    /** The product of matrices in 16-bit storage; with {@code wide} its result is float, as bias always is. */
    public static Offer offer(CudaContext context, GemmSpec spec, DType storage, boolean wide) {
        return offer(context, spec, math(storage), wide);
    }

    private static Offer offer(CudaContext context, GemmSpec spec, GemmMath math, boolean wide) {
        if (Math.max(Math.max(spec.m(), spec.n()), spec.k()) > MOST) {
            return Offer.refused("m, n and k go to " + MOST);
        }
        GemmPlan plan = GemmPlan.of(spec, math);
        return plan.blocks(spec) > Integer.MAX_VALUE
                ? Offer.refused("C has more than 2^31 tiles")
                : Offer.of(kernel(context, spec, plan, wide));
    }

    /** What Gatun's own products of matrices in this storage multiply with. */
    static GemmMath math(DType storage) {
        return switch (storage) {
            case BF16 -> GemmMath.BF16;
            case F16 -> GemmMath.F16;
            default -> math();
        };
    }

    /** What those of floats multiply with. */
    static GemmMath math() {
        return tf32() ? GemmMath.TF32 : GemmMath.F32;
    }

    /** Whether {@code -Dgatun.cuda.tf32=true} lets products and convolutions of floats round their factors to TF32. */
    public static boolean tf32() {
        return CudaSettings.tf32();
    }

    /** The product cut so. */
    static Kernel kernel(CudaContext context, GemmSpec spec, GemmPlan plan, boolean wide) {
        Recipe recipe = Recipe.of(context, plan.math().module, "cuda:gemm-" + plan.math().suffix);
        Operands operands = new Operands(
                Arg.operand(0),
                Arg.operand(1),
                spec.bias() ? Arg.operand(2) : Arg.none(),
                Arg.operand(spec.bias() ? 3 : 2),
                Arg.scratch(0));
        add(recipe, spec, plan, operands, wide);
        return recipe.scratch(partialBytes(spec, plan)).build();
    }

    /**
     * Where a product's matrices are.
     *
     * @param partial where {@link #partialBytes} are, used by this product alone while it runs
     */
    record Operands(Arg a, Arg b, Arg bias, Arg c, Arg partial) {}

    /** Bytes of the slices' raw sums; 0 where k is not cut. */
    static long partialBytes(GemmSpec spec, GemmPlan plan) {
        return plan.slices() > 1 ? 4L * spec.batch() * plan.slices() * spec.m() * spec.n() : 0;
    }

    /** Puts a product into a recipe that may have others, and sets the recipe's module. An empty C takes no launch. */
    static void add(Recipe recipe, GemmSpec spec, GemmPlan plan, Operands operands, boolean wide) {
        if (spec.m() == 0 || spec.n() == 0 || spec.batch() == 0) {
            return;
        }
        GemmMath math = plan.math();
        recipe.module(math.module);
        int depth = Math.min(spec.batch(), MOST_BATCHES);
        Arg[] arguments = arguments(spec, plan, operands, wide);
        if (plan.way() == GemmPlan.Way.TILES) {
            recipe.launch(name(spec, plan), Grid.blocks(plan.blocks(spec), plan.slices(), 2 * plan.side()), arguments);
        } else {
            boolean withA = GemmPlan.vectorsWithA(spec);
            int many = withA ? spec.m() : spec.n();
            Arg[] all = Arrays.copyOf(arguments, arguments.length + 1);
            all[arguments.length] = Arg.i32(withA ? 1 : 0);
            int rowsOfBlock = plan.way() == GemmPlan.Way.DOTS ? THREADS / 32 : THREADS * 4;
            recipe.launch(
                    name(spec, plan), Grid.blocks(Math.ceilDiv(many, rowsOfBlock), plan.slices(), depth, THREADS), all);
        }
        if (plan.slices() > 1) {
            boolean narrow = math.bytes < 4;
            long blocks = Math.min(Grid.MOST_BLOCKS, Math.ceilDiv((long) spec.m() * spec.n(), THREADS));
            recipe.module(narrow ? math.module : GemmMath.F32.module);
            recipe.launch(
                    "gatun_gemm_sum_" + (narrow ? math : GemmMath.F32).suffix,
                    Grid.blocks(blocks, 1, depth, THREADS),
                    arguments);
        }
    }

    private static String name(GemmSpec spec, GemmPlan plan) {
        String letters = (spec.transA() ? "t" : "n") + (spec.transB() ? "t" : "n");
        return switch (plan.way()) {
            case DOTS -> "gatun_gemm_dots_" + plan.side() + "_f32";
            case COLUMNS -> "gatun_gemm_columns_" + plan.side() + "_f32";
            case TILES ->
                plan.math() == GemmMath.F32
                        ? "gatun_gemm_" + plan.side() + "_f32"
                        : "gatun_gemm_" + plan.side() + "_" + letters + "_" + plan.math().suffix;
        };
    }

    /** GATUN_GEMM_PARAMETERS of gatun_gemm.h. */
    private static Arg[] arguments(GemmSpec spec, GemmPlan plan, Operands operands, boolean wide) {
        return new Arg[] {
            operands.a,
            operands.b,
            operands.bias,
            operands.c,
            plan.slices() > 1 ? operands.partial : Arg.none(),
            Arg.i32(spec.m()),
            Arg.i32(spec.n()),
            Arg.i32(spec.k()),
            Arg.i32(spec.batch()),
            Arg.i32(spec.lda()),
            Arg.i32(spec.ldb()),
            Arg.i32(spec.ldc()),
            Arg.i64(spec.strideA()),
            Arg.i64(spec.strideB()),
            Arg.i64(spec.strideC()),
            Arg.i32(plan.slice()),
            Arg.i32((spec.transA() ? 1 : 0) | (spec.transB() ? 2 : 0)),
            Arg.f32(spec.alpha()),
            Arg.f32(spec.beta()),
            Arg.i32(spec.activation().kind().ordinal()),
            Arg.f32(spec.activation().alpha()),
            Arg.f32(spec.activation().beta()),
            Arg.i32(wide ? 1 : 0)
        };
    }
}
