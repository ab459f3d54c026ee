package io.gatun.nn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.Gru;
import io.gatun.nn.Lstm;
import io.gatun.nn.OnATape;
import io.gatun.nn.RecurrentOptions;
import io.gatun.nn.Rnn;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Schedule;
import io.gatun.spec.Activation;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ManyToOneTest extends OnATape {
    private static final int STEPS = 8;
    private static final int ROWS = 32;

    /** Random numbers, the first two and one more of them marked: who sees only the end cannot know the first. */
    private Tensor[] adding(SplittableRandom random) {
        float[] sequences = new float[ROWS * STEPS * 2];
        float[] sums = new float[ROWS];
        for (int row = 0; row < ROWS; row++) {
            int second = random.nextInt(1, STEPS);
            for (int t = 0; t < STEPS; t++) {
                float number = (float) random.nextDouble();
                sequences[(row * STEPS + t) * 2] = number;
                boolean marked = t == 0 || t == second;
                sequences[(row * STEPS + t) * 2 + 1] = marked ? 1 : 0;
                sums[row] += marked ? number : 0;
            }
        }
        return new Tensor[] {tape.tensor(Shape.of(ROWS, STEPS, 2), sequences), tape.tensor(Shape.of(ROWS, 1), sums)};
    }

    /** Always to say 1 has error 1/6; half of that is left to who sees but one of the two. */
    @Test
    void carriesTheBeginningToTheEnd() {
        ManyToOne net = new ManyToOne(new Lstm(2, 16, RecurrentOptions.DEFAULT.forgetBias(1)), 1);
        SplittableRandom random = new SplittableRandom(1);
        try (Parameters parameters = net.allocate(memory, 1);
                var adam = new AdamW(kernels, memory, parameters, Schedule.constant(0.02f), AdamW.Options.DEFAULT)) {
            float loss = 1;
            for (int step = 0; step < 250; step++) {
                tape.reset();
                Tensor[] batch = adding(random);
                Tensor error = Losses.mse(net.call(batch[0]), batch[1]);
                loss = error.item();
                error.backward();
                adam.step();
            }
            assertThat(loss).isLessThan(0.03f);
        }
    }

    /** The answer is the linear map of the layer's last output. */
    @Test
    void readsTheLastOutput() {
        Gru gru = new Gru(3, 4, 2);
        with(new ManyToOne(gru, 5), net -> {
            tape.reset(1);
            Tensor src = tape.tensor(Shape.of(2, 6, 3), normal(Shape.of(2, 6, 3), 1));
            Tensor answer = net.forward(src);
            assertThat(answer.shape()).isEqualTo(Shape.of(2, 5));
            float[] hidden =
                    gru.forward(src.transpose(0, 1), null).states().get(1).toArray();
            float[] weight = net.stateDict().get("linear.weight").toArray();
            float[] bias = net.stateDict().get("linear.bias").toArray();
            float[] wanted = new float[10];
            for (int i = 0; i < wanted.length; i++) {
                double sum = bias[i % 5];
                for (int k = 0; k < 4; k++) {
                    sum += (double) weight[i % 5 * 4 + k] * hidden[i / 5 * 4 + k];
                }
                wanted[i] = (float) sum;
            }
            assertThat(answer.toArray()).containsExactly(wanted, Offset.offset(1e-6f));
        });
    }

    @Test
    void refusesTwoDirections() {
        Rnn both = new Rnn(1, 2, Activation.TANH, RecurrentOptions.DEFAULT.bidirectional(true));
        assertThatThrownBy(() -> new ManyToOne(both, 1)).hasMessageContaining("give layers of one direction");
    }
}
