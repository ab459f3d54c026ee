package io.gatun.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Divergences;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.Sequential;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A small net learns more from a large one's logits than from labels alone. */
class DistillationTest {
    private static final int FEATURES = 8;
    private static final int CLASSES = 5;
    private static final int ROWS = 96;
    private static final NativeMemory MEMORY = NativeMemory.standard();

    private static Module net(int hidden) {
        return new Sequential(new Linear(FEATURES, hidden), Nonlinearity.tanh(), new Linear(hidden, CLASSES));
    }

    private static float[] features(long seed, int rows) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[rows * FEATURES];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** The class with the largest logit, and one of ten labels wrong. */
    private static int[] labels(float[] logits) {
        int[] labels = new int[logits.length / CLASSES];
        for (int row = 0; row < labels.length; row++) {
            for (int c = 1; c < CLASSES; c++) {
                if (logits[row * CLASSES + c] > logits[row * CLASSES + labels[row]]) {
                    labels[row] = c;
                }
            }
            labels[row] = row % 10 == 0 ? (labels[row] + 1) % CLASSES : labels[row];
        }
        return labels;
    }

    /** KL of the teacher's and the student's probabilities on rows that nobody has learned from. */
    private static float distance(Kernels kernels, Module teacher, boolean distilled) {
        Module student = net(6);
        try (Parameters parameters = student.allocate(MEMORY, 2);
                Optimizer optimizer =
                        new AdamW(kernels, MEMORY, parameters, Schedule.constant(0.02f), AdamW.Options.DEFAULT);
                Tape tape = new Tape(kernels, MEMORY)) {
            for (int step = 0; step < 150; step++) {
                tape.reset();
                Tensor src = tape.tensor(Shape.of(ROWS, FEATURES), features(1, ROWS));
                Tensor taught = teacher.call(src);
                Tensor learned = student.call(src);
                Tensor labels = tape.integers(Shape.of(ROWS), labels(taught.toArray()));
                Tensor loss = Losses.crossEntropy(learned, labels);
                if (distilled) {
                    Tensor soft = Divergences.distillation(learned, taught, 4);
                    loss = loss.scale(0.1f).add(soft.scale(0.9f));
                }
                loss.backward();
                optimizer.step();
            }
            tape.reset();
            Tensor src = tape.tensor(Shape.of(500, FEATURES), features(3, 500));
            return Divergences.distillation(student.call(src), teacher.call(src), 1)
                    .item();
        }
    }

    @Test
    void aStudentOfATeacherIsNearerToItThanOneOfLabels() {
        Module teacher = net(64);
        try (Kernels kernels = Kernels.open("simd", 1);
                Parameters parameters = teacher.allocate(MEMORY, 1)) {
            // Logits of a trained net's size.
            float[] head = parameters.get("2.weight").toArray();
            for (int i = 0; i < head.length; i++) {
                head[i] *= 8;
            }
            parameters.get("2.weight").copyFrom(head);
            teacher.eval().freeze();
            float[] before = parameters.values().toArray(ValueLayout.JAVA_FLOAT);
            float alone = distance(kernels, teacher, false);
            float taught = distance(kernels, teacher, true);
            assertThat(taught).isBetween(0f, alone / 2);
            assertThat(Arrays.equals(before, parameters.values().toArray(ValueLayout.JAVA_FLOAT)))
                    .as("the teacher is as it was")
                    .isTrue();
        }
    }
}
