package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.model.ResNet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** 64 platform and 1,000 virtual threads at once on one ResNet-20, a folded one and one LSTM: each gets the bits of a lone caller. */
public final class ManyCallers {
    private static final int PLATFORM = 64;
    private static final int VIRTUAL = 1_000;
    private static final int INPUTS = 5;

    private ManyCallers() {}

    /** One answer of each net. */
    private record Answer(float[] image, float[] folded, float[] text) {
        boolean same(Answer other) {
            return Arrays.equals(image, other.image)
                    && Arrays.equals(folded, other.folded)
                    && Arrays.equals(text, other.text);
        }
    }

    public static void check(Kernels kernels, NativeMemory memory) throws Exception {
        ResNet images = ResNet.resnet20(10);
        ResNet folded = ResNet.resnet20(10);
        CharLstm texts = new CharLstm(11, 6, 16, 2, 0.2f);
        try (Parameters _ = images.allocate(memory, 1);
                Parameters _ = folded.allocate(memory, 1);
                Parameters _ = texts.allocate(memory, 1)) {
            images.freeze();
            FoldedNets.disturb(folded);
            folded.eval();
            Folding.batchNorms(folded);
            texts.eval();
            List<Answer> serial = new ArrayList<>();
            for (int input = 0; input < INPUTS; input++) {
                serial.add(infer(images, folded, texts, input, kernels, memory));
            }
            assertThat(serial.get(0).same(serial.get(1))).isFalse();
            List<Future<Answer>> answers = new ArrayList<>();
            try (ExecutorService platform = Executors.newThreadPerTaskExecutor(
                            Thread.ofPlatform().factory());
                    ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < PLATFORM + VIRTUAL; i++) {
                    int input = i % INPUTS;
                    ExecutorService threads = i % 16 == 0 && i / 16 < PLATFORM ? platform : virtual;
                    answers.add(threads.submit(() -> infer(images, folded, texts, input, kernels, memory)));
                }
            }
            int wrong = 0;
            for (int i = 0; i < answers.size(); i++) {
                wrong += answers.get(i).get().same(serial.get(i % INPUTS)) ? 0 : 1;
            }
            assertThat(wrong).as("of %d answers", answers.size()).isZero();
        }
    }

    /** Without noGrad: recording, too, is a matter of the caller's own tape. */
    private static Answer infer(
            ResNet images, ResNet folded, CharLstm texts, int input, Kernels kernels, NativeMemory memory) {
        SplittableRandom random = new SplittableRandom(input);
        float[] pixels = new float[192];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        int[] text = random.ints(12, 0, 11).toArray();
        try (Tape tape = new Tape(kernels, memory)) {
            return new Answer(
                    images.forward(tape.tensor(Shape.of(1, 8, 8, 3), pixels)).toArray(),
                    folded.forward(tape.tensor(Shape.of(1, 8, 8, 3), pixels)).toArray(),
                    texts.forward(tape.integers(Shape.of(6, 2), text)).toArray());
        }
    }
}
