package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.model.ResNet;
import java.util.SplittableRandom;

/** ResNets before and after their batch norms are folded, for the tests of each backend. */
public final class FoldedNets {
    private FoldedNets() {}

    /** ResNet-20 and the ResNet-18 for small images: all norms are folded, and the logits stay, to 1e-5 of the largest. */
    public static void check(Kernels kernels, NativeMemory memory) {
        check(ResNet.resnet20(10), 21, kernels, memory);
        check(ResNet.resnet18Cifar(10), 20, kernels, memory);
    }

    private static void check(ResNet model, int norms, Kernels kernels, NativeMemory memory) {
        try (Parameters _ = model.allocate(memory, 3)) {
            disturb(model);
            model.eval();
            float[] wanted = run(model, kernels, memory, 2, 16, 3);
            assertThat(Folding.batchNorms(model)).isEqualTo(norms);
            assertClose(run(model, kernels, memory, 2, 16, 3), wanted);
        }
    }

    /** Weights of norms about 1, variances from 0.5 to 2, shifts of both signs: nothing that a forgotten factor survives. */
    static void disturb(Module model) {
        SplittableRandom random = new SplittableRandom(5);
        model.modules().values().forEach(module -> {
            if (module instanceof BatchNorm norm) {
                fill(norm.weight, random, 0.5f, 1.5f);
                fill(norm.bias, random, -1, 1);
                fill(norm.runningMean, random, -1, 1);
                fill(norm.runningVar, random, 0.5f, 2);
            }
        });
    }

    private static void fill(Parameter parameter, SplittableRandom random, float from, float to) {
        if (parameter != null) {
            float[] values = new float[(int) parameter.shape().elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextDouble(from, to);
            }
            parameter.copyFrom(values);
        }
    }

    static float[] run(Module model, Kernels kernels, NativeMemory memory, int n, int side, int channels) {
        SplittableRandom random = new SplittableRandom(9);
        float[] pixels = new float[n * side * side * channels];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        try (Tape tape = new Tape(kernels, memory);
                var _ = tape.noGrad()) {
            return model.forward(tape.tensor(Shape.of(n, side, side, channels), pixels))
                    .toArray();
        }
    }

    static void assertClose(float[] folded, float[] wanted) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < wanted.length; i++) {
            difference = Math.max(difference, Math.abs(folded[i] - wanted[i]));
            norm = Math.max(norm, Math.abs(wanted[i]));
        }
        assertThat(difference / norm).isLessThan(1e-5);
        assertThat(folded).as("not the unfolded net again").isNotEqualTo(wanted);
    }
}
