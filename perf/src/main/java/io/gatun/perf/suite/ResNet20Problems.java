package io.gatun.perf.suite;

import static io.gatun.perf.suite.Problem.full;
import static io.gatun.perf.suite.Problem.quick;

import java.util.List;

/**
 * ResNet-20 on CIFAR's 32 x 32 x 3 images (He et al. 2016, section 4.2), batch 128: three stages of six 3x3 convolutions
 * with 16, 32 and 64 channels on 32, 16 and 8 pixels, so 0.6 GFLOP each wherever the stride is 1.
 */
final class ResNet20Problems {
    private static final String NET = "ResNet-20";

    private ResNet20Problems() {}

    static final List<Problem> ALL = List.of(
            // A batch's bytes, shifted by up to four pixels, mirrored and standardized: a GPU's first kernel.
            full(NET, "cropmirrornormalize f32 n=128 h=32 w=32 c=3"),
            // The stem has no gradient of its input: the images are data.
            full(NET, "conv f32 forward n=128 h=32 w=32 ic=3 oc=16 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            full(NET, "conv f32 backward_weights n=128 h=32 w=32 ic=3 oc=16 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            // Stage 1, six of these.
            quick(NET, "conv f32 forward n=128 h=32 w=32 ic=16 oc=16 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            quick(NET, "conv f32 backward_data n=128 h=32 w=32 ic=16 oc=16 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            quick(NET, "conv f32 backward_weights n=128 h=32 w=32 ic=16 oc=16 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            // Into stage 2: stride 2 halves the image while the channels double.
            full(NET, "conv f32 forward n=128 h=32 w=32 ic=16 oc=32 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1"),
            full(NET, "conv f32 backward_data n=128 h=32 w=32 ic=16 oc=32 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1"),
            full(NET, "conv f32 backward_weights n=128 h=32 w=32 ic=16 oc=32 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1"),
            // Stages 2 and 3, five of each.
            full(NET, "conv f32 forward n=128 h=16 w=16 ic=32 oc=32 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            full(NET, "conv f32 backward_data n=128 h=16 w=16 ic=32 oc=32 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            full(NET, "conv f32 backward_weights n=128 h=16 w=16 ic=32 oc=32 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            full(NET, "conv f32 forward n=128 h=8 w=8 ic=64 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            full(NET, "conv f32 backward_data n=128 h=8 w=8 ic=64 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            full(NET, "conv f32 backward_weights n=128 h=8 w=8 ic=64 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            // The same in bytes, for inference; the pass before it that makes the bytes.
            quick(
                    NET,
                    "quantizedconv f32 forward bias n=128 h=8 w=8 ic=64 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 act=relu"),
            quick(NET, "quantize f32 count=2097152"),
            // After every convolution of stage 1, 128 * 32 * 32 rows; with residual and ReLU at the end of its blocks.
            quick(NET, "batchnorm f32 training residual relu rows=131072 c=16"),
            quick(NET, "batchnorm f32 backward residual relu rows=131072 c=16"),
            full(NET, "batchnorm f32 inference relu rows=131072 c=16"),
            full(NET, "batchnorm f32 training relu rows=8192 c=64"),
            full(NET, "batchnorm f32 backward relu rows=8192 c=64"),
            // The last stage's mean over 8 x 8 pixels, and the classifier behind it: ten rows of 64 weights.
            quick(NET, "pool f32 forward avg n=128 h=8 w=8 c=64 kh=8 kw=8 sh=8 sw=8 ph=0 pw=0"),
            full(NET, "gemm f32 tb bias m=128 n=10 k=64"),
            full(NET, "crossentropy f32 gradient rows=128 cols=10"),
            // Where ReLU stands alone (not fused): one activation of stage 1, 128 * 32 * 32 * 16 floats.
            quick(NET, "activation f32 forward act=relu count=2097152"),
            quick(NET, "activation f32 backward act=relu count=2097152"),
            // A second gradient of that activation, added to the first.
            quick(NET, "axpby f32 count=2097152 beta=1.0"),
            // All 272,474 parameters in one pass, 3 MB with gradients and momenta: in the cache.
            full(NET, "sgd f32 count=272474 momentum=0.9 decay=5.0E-4"),
            full(NET, "adamw f32 count=272474"),
            quick(NET, "step resnet20"));
}
