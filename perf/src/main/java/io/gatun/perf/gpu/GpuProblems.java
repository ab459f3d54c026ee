package io.gatun.perf.gpu;

import io.gatun.kernel.DType;
import io.gatun.perf.bench.ConvLayers;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The problems that are timed on a GPU, sized by one number each, so that the emulator can do the same ones small. */
public final class GpuProblems {
    /** 134 MB of float: beyond the second-level cache of an H200 (50 MB), in 16 bits too. */
    public static final int ELEMENTS = 1 << 25;

    /** Of the optimizers' goal. */
    public static final int PARAMETERS = 100_000_000;

    /** A square product that fills any GPU. */
    public static final int SIDE = 4096;

    /** Of ResNet-50's convolutions: at 256 filling the inputs would take longer than timing. */
    public static final int CONV_BATCH = 128;

    private GpuProblems() {}

    /**
     * One or more of each kernel family that memory bounds, in float and, where the family has 16-bit storage, in bfloat16.
     *
     * @param elements of the large arrays, a multiple of 1,024
     */
    public static List<Spec> bandwidth(int elements) {
        int rows = elements / 256;
        int longRows = elements / 1024;
        // Images of 64 channels; the smallest has one window of each pool.
        int side = elements >= 1 << 22 ? 112 : 8;
        int images = Math.max(1, elements / (side * side * 64));
        List<Spec> specs = new ArrayList<>();
        both(specs, "activation f32 forward act=relu count=%d", elements);
        both(specs, "activation f32 backward act=relu count=%d", elements);
        both(specs, "activation f32 forward act=gelu count=%d", elements);
        both(specs, "activation f32 backward act=gelu count=%d", elements);
        both(specs, "axpby f32 count=%d beta=1.0", elements);
        both(specs, "binary f32 add none rows=%d cols=256", rows);
        both(specs, "binary f32 add row rows=%d cols=256", rows);
        both(specs, "dropout f32 count=%d p=0.5", elements);
        both(specs, "prelu f32 forward rows=%d cols=256", rows);
        both(specs, "prelu f32 backward rows=%d cols=256", rows);
        single(specs, "where f32 one_a count=%d", elements);
        single(specs, "lerp f32 count=%d", elements);
        single(specs, "cast f32 to=bf16 count=%d", elements);
        single(specs, "cast bf16 to=f32 count=%d", elements);
        both(specs, "permute f32 shape=8x%dx16x64 perm=0,2,1,3", Math.max(1, elements / (8 * 16 * 64)));
        both(specs, "copy f32 shape=%dx256 src=256,1 dst=256,1", rows);
        both(specs, "batchnorm f32 training relu rows=%d c=256", rows);
        both(specs, "batchnorm f32 training residual relu rows=%d c=256", rows);
        both(specs, "batchnorm f32 inference relu rows=%d c=256", rows);
        both(specs, "batchnorm f32 backward relu rows=%d c=256", rows);
        both(specs, "batchnorm f32 backward residual relu rows=%d c=256", rows);
        both(specs, "groupnorm f32 training affine n=%d c=1024", longRows);
        both(specs, "groupnorm f32 backward affine n=%d c=1024", longRows);
        pools(specs, images, side);
        single(
                specs,
                "cropmirrornormalize f32 n=%d h=%2$d w=%2$d c=3",
                Math.max(1, elements / (side * side * 3)),
                side);
        both(specs, "softmax f32 forward softmax rows=%d cols=1024", longRows);
        both(specs, "softmax f32 backward softmax rows=%d cols=1024", longRows);
        single(specs, "crossentropy f32 gradient rows=%d cols=1024", longRows);
        single(specs, "loss f32 mse mean gradient cols=%d", elements);
        both(specs, "reduce f32 sum shape=%dx256 axes=0", rows);
        both(specs, "reduce f32 sum shape=%dx1024 axes=1", longRows);
        both(specs, "reduce f32 sum_squares shape=%d axes=0", elements);
        single(specs, "embedding f32 forward vocabulary=30522 dim=256 count=%d", rows);
        single(specs, "embedding f32 backward vocabulary=30522 dim=256 count=%d", rows);
        single(specs, "penalty f32 count=%d l1=1.0E-5", elements);
        single(specs, "sgd f32 count=%d momentum=0.9 decay=1.0E-4", elements);
        single(specs, "rmsprop f32 count=%d", elements);
        single(specs, "adagrad f32 count=%d", elements);
        return specs;
    }

    private static void pools(List<Spec> specs, int images, int side) {
        both(specs, "pool f32 forward max n=%d h=%2$d w=%2$d c=64 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1", images, side);
        both(specs, "pool f32 backward max n=%d h=%2$d w=%2$d c=64 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1", images, side);
        both(specs, "pool f32 forward avg n=%d h=%2$d w=%2$d c=64 kh=2 kw=2 sh=2 sw=2 ph=0 pw=0", images, side);
        both(specs, "pool f32 backward avg n=%d h=%2$d w=%2$d c=64 kh=2 kw=2 sh=2 sw=2 ph=0 pw=0", images, side);
        both(specs, "adaptivepool f32 forward avg n=%d h=%2$d w=%2$d c=64 oh=1 ow=1", images, side);
        both(specs, "adaptivepool f32 backward avg n=%d h=%2$d w=%2$d c=64 oh=1 ow=1", images, side);
    }

    /** AdamW over so many parameters, which is one launch. */
    public static List<Spec> optimizer(int parameters) {
        return List.of(Spec.parse("adamw f32 count=" + parameters));
    }

    /** A square product in bfloat16 and in float, which {@code -Dgatun.cuda.tf32=true} makes TF32. */
    public static Spec product(DType type, int side) {
        return Spec.parse(String.format(Locale.ROOT, "gemm %s m=%2$d n=%2$d k=%2$d", type.word(), side));
    }

    /** The 23 different convolutions of ResNet-50 in three directions, in bfloat16. */
    public static List<Spec> convolutions(int batch) {
        return ConvLayers.of("resnet50", batch).stream()
                .map(spec -> MixedSpec.of(spec, DType.BF16))
                .toList();
    }

    private static void single(List<Spec> specs, String line, Object... sizes) {
        specs.add(Spec.parse(String.format(Locale.ROOT, line, sizes)));
    }

    private static void both(List<Spec> specs, String line, Object... sizes) {
        single(specs, line, sizes);
        specs.add(MixedSpec.of(specs.getLast(), DType.BF16));
    }
}
