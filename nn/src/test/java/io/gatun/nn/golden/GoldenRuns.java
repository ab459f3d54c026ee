package io.gatun.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.CarriedState;
import io.gatun.nn.Module;
import io.gatun.nn.model.CharGru;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.model.CharRnn;
import io.gatun.nn.model.ResNet;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * Ten optimizer steps of ResNet-20, a character LSTM and a character GRU give the losses that PyTorch gives (golden.py,
 * beside the numbers), each within 1e-4. PyTorch's own float32 run stays within 4e-6 of its float64 run. A subclass chooses the
 * kernels.
 */
public abstract class GoldenRuns {
    private static final double TOLERANCE = 1e-4;
    private static final int STEPS = 10;

    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 30), false);

    /** The kernels to train on; closed after each run. */
    protected abstract Kernels open();

    @Test
    void resnet20() {
        ResNet net = ResNet.resnet20(10);
        double[] losses = new double[STEPS];
        try (Kernels kernels = open();
                Tape tape = new Tape(kernels, memory);
                Parameters parameters = filled(net);
                Optimizer optimizer = new Sgd(
                        kernels, memory, parameters, Schedule.constant(0.01f), Sgd.Options.nesterov(0.9f, 0.1f))) {
            for (int step = 0; step < STEPS; step++) {
                tape.reset();
                Tensor images = tape.empty(Shape.of(16, 32, 32, 3), "images");
                HashedNumbers.uniform(
                        1000 + step % 2, 1.5, images.data(), images.shape().elements());
                Tensor labels = tape.integers(Shape.of(16), HashedNumbers.choices(2000 + step % 2, 16, 10));
                Tensor loss = Losses.crossEntropy(net.forward(images), labels);
                loss.backward();
                optimizer.step();
                losses[step] = loss.item();
            }
        }
        compare("resnet20", losses);
    }

    @Test
    void charLstm() {
        compare("charlstm", read(new CharLstm(32, 24, 48, 2, 0)));
    }

    @Test
    void charGru() {
        compare("chargru", read(new CharGru(32, 24, 48, 2, 0)));
    }

    /** The losses of a model that reads a text whose state goes from step to step. */
    private <S> double[] read(CharRnn<S> net) {
        double[] losses = new double[STEPS];
        try (Kernels kernels = open();
                Tape tape = new Tape(kernels, memory);
                Parameters parameters = filled(net);
                CarriedState<S> carried = net.carriedState(memory, 8);
                Optimizer optimizer =
                        new AdamW(kernels, memory, parameters, Schedule.constant(2e-2f), AdamW.Options.DEFAULT)) {
            int[] text = HashedNumbers.choices(3000, 21 * 8, 32);
            for (int step = 0; step < STEPS; step++) {
                tape.reset();
                Tensor source = tape.integers(Shape.of(20, 8), Arrays.copyOf(text, 20 * 8));
                Tensor target = tape.integers(Shape.of(20, 8), Arrays.copyOfRange(text, 8, 21 * 8));
                CharRnn.Result<S> result = net.forward(source, carried.on(tape));
                Tensor loss = Losses.crossEntropy(result.logits(), target);
                loss.backward();
                carried.keep(result.states());
                optimizer.step();
                losses[step] = loss.item();
            }
        }
        return losses;
    }

    private Parameters filled(Module net) {
        Parameters parameters = net.allocate(memory, 0);
        HashedNumbers.fill(net.stateDict());
        parameters.changed();
        return parameters;
    }

    private static void compare(String run, double[] losses) {
        double[] expected = expected(run);
        assertThat(expected).hasSize(STEPS);
        for (int step = 0; step < STEPS; step++) {
            assertThat(Math.abs(losses[step] / expected[step] - 1))
                    .as(
                            "%s, step %d: %s, PyTorch %s; all: %s",
                            run, step, losses[step], expected[step], Arrays.toString(losses))
                    .isLessThan(TOLERANCE);
        }
    }

    /** The first number of each line: PyTorch in float64. */
    private static double[] expected(String run) {
        try (InputStream file = GoldenRuns.class.getResourceAsStream(run + ".txt")) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .mapToDouble(line -> Double.parseDouble(line.split(" ")[0]))
                    .toArray();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
