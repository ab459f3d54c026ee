package io.gatun.perf.suite;

import static io.gatun.perf.suite.Problem.full;
import static io.gatun.perf.suite.Problem.quick;

import java.util.List;

/**
 * Nets on 224 x 224 x 3 images. ResNet-50 (He et al. 2016, table 1) at batch 16: 64 channels on 112 pixels after the
 * stem, then bottlenecks on 56, 28, 14 and 7 pixels with 64, 128, 256 and 512 channels inside and four times as many
 * outside. VGG-16 (Simonyan and Zisserman 2015, column D) at batch 4: at 16 one run of its second layer takes 150 ms.
 */
final class ImageNetProblems {
    private static final String RESNET = "ResNet-50";
    private static final String VGG = "VGG-16";
    private static final String MOBILENET = "MobileNet";

    private ImageNetProblems() {}

    static final List<Problem> ALL = List.of(
            // The stem: 7x7, stride 2, and the pool behind it.
            quick(RESNET, "conv f32 forward n=16 h=224 w=224 ic=3 oc=64 kh=7 kw=7 sh=2 sw=2 ph=3 pw=3"),
            quick(RESNET, "pool f32 forward max n=16 h=112 w=112 c=64 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1"),
            quick(RESNET, "pool f32 backward max n=16 h=112 w=112 c=64 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1"),
            // A bottleneck of the first stage: 1x1 from 256 to 64 channels, then 3x3; the third is the first's mirror.
            quick(RESNET, "conv f32 forward n=16 h=56 w=56 ic=256 oc=64 kh=1 kw=1 sh=1 sw=1 ph=0 pw=0"),
            full(RESNET, "conv f32 backward_data n=16 h=56 w=56 ic=256 oc=64 kh=1 kw=1 sh=1 sw=1 ph=0 pw=0"),
            full(RESNET, "conv f32 backward_weights n=16 h=56 w=56 ic=256 oc=64 kh=1 kw=1 sh=1 sw=1 ph=0 pw=0"),
            quick(RESNET, "conv f32 forward n=16 h=56 w=56 ic=64 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            full(RESNET, "conv f32 backward_data n=16 h=56 w=56 ic=64 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            full(RESNET, "conv f32 backward_weights n=16 h=56 w=56 ic=64 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            // Into the second stage the stride is in the 3x3 (as PyTorch does it), 56 to 28 pixels.
            full(RESNET, "conv f32 forward n=16 h=56 w=56 ic=128 oc=128 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1"),
            full(RESNET, "conv f32 backward_data n=16 h=56 w=56 ic=128 oc=128 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1"),
            full(RESNET, "conv f32 backward_weights n=16 h=56 w=56 ic=128 oc=128 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1"),
            // The third stage's many channels on few pixels, and the last one's 3x3.
            full(RESNET, "conv f32 forward n=16 h=14 w=14 ic=1024 oc=256 kh=1 kw=1 sh=1 sw=1 ph=0 pw=0"),
            full(RESNET, "conv f32 forward n=16 h=7 w=7 ic=512 oc=512 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            // End of the first stage's blocks, 16 * 56 * 56 rows: 51 MB a tensor, beyond every cache; and of the
            // last's.
            quick(RESNET, "batchnorm f32 training residual relu rows=50176 c=256"),
            quick(RESNET, "batchnorm f32 backward residual relu rows=50176 c=256"),
            full(RESNET, "batchnorm f32 training residual relu rows=784 c=2048"),
            full(RESNET, "batchnorm f32 backward residual relu rows=784 c=2048"),
            // Group norm with 32 groups in the place of batch norm (Wu and He 2018), end of the first stage's blocks.
            full(RESNET, "groupnorm f32 training affine n=16 hw=3136 c=256 g=32"),
            full(RESNET, "groupnorm f32 backward affine n=16 hw=3136 c=256 g=32"),
            // PReLU in the place of the first stage's ReLUs (He et al. 2015), 64 channels; a label for each class on
            // its own.
            full(RESNET, "prelu f32 forward rows=50176 cols=64"),
            quick(RESNET, "prelu f32 backward rows=50176 cols=64"),
            quick(RESNET, "loss f32 bce_with_logits mean gradient cols=16000"),
            // The classifier: 2,048 means to 1,000 classes.
            full(RESNET, "gemm f32 tb bias m=16 n=1000 k=2048"),
            full(RESNET, "crossentropy f32 gradient rows=16 cols=1000"),
            full(RESNET, "softmax f32 forward softmax rows=16 cols=1000"),
            // All 25,557,032 parameters: 307 MB with gradients and momenta.
            quick(RESNET, "sgd f32 count=25557032 momentum=0.9 decay=1.0E-4"),
            quick(RESNET, "adamw f32 count=25557032"),
            full(RESNET, "axpby f32 count=25557032 alpha=0.5"),
            // VGG's first two layers, one of the middle, one of the last three; bias and ReLU are in the convolution.
            full(VGG, "conv f32 forward bias n=4 h=224 w=224 ic=3 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 act=relu"),
            full(VGG, "conv f32 forward bias n=4 h=224 w=224 ic=64 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 act=relu"),
            full(VGG, "conv f32 forward bias n=4 h=56 w=56 ic=256 oc=256 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 act=relu"),
            quick(VGG, "conv f32 forward bias n=4 h=14 w=14 ic=512 oc=512 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 act=relu"),
            full(VGG, "conv f32 backward_weights n=4 h=14 w=14 ic=512 oc=512 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1"),
            // Its 2x2 pools: the first.
            full(VGG, "pool f32 forward max n=4 h=224 w=224 c=64 kh=2 kw=2 sh=2 sw=2 ph=0 pw=0"),
            full(VGG, "pool f32 backward max n=4 h=224 w=224 c=64 kh=2 kw=2 sh=2 sw=2 ph=0 pw=0"),
            // torchvision's pool to 7x7 before the classifier, of images of 320 pixels.
            quick(VGG, "adaptivepool f32 forward avg n=4 h=10 w=10 c=512 oh=7 ow=7"),
            full(VGG, "adaptivepool f32 backward avg n=4 h=10 w=10 c=512 oh=7 ow=7"),
            full(VGG, "adaptivepool f32 forward max n=4 h=10 w=10 c=512 oh=7 ow=7"),
            // The second of three big layers, batch 16, and the dropout behind it.
            full(VGG, "gemm f32 tb bias m=16 n=4096 k=4096 act=relu"),
            full(VGG, "dropout f32 count=65536 p=0.5"),
            // MobileNet's depthwise 3x3 with 128 channels on 56 pixels (Howard et al. 2017, table 1): nine taps, no sum
            // over channels.
            full(MOBILENET, "conv f32 forward n=16 h=56 w=56 ic=128 oc=128 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 g=128"),
            full(MOBILENET, "conv f32 backward_data n=16 h=56 w=56 ic=128 oc=128 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 g=128"),
            full(
                    MOBILENET,
                    "conv f32 backward_weights n=16 h=56 w=56 ic=128 oc=128 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1 g=128"));
}
