package io.gatun.nn.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.kernel.StandInDevice;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.GlobalAvgPool;
import io.gatun.nn.Init;
import io.gatun.nn.Linear;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.Quantization;
import io.gatun.nn.Sequential;
import io.gatun.nn.StateDict;
import io.gatun.nn.Unflatten;
import io.gatun.nn.compress.Pruning;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.metric.ConfusionMatrix;
import io.gatun.nn.optim.AdaHessian;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.HessianVector;
import io.gatun.nn.optim.Lbfgs;
import io.gatun.nn.optim.LearningRateFinder;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Penalty;
import io.gatun.nn.optim.Plateau;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.WeightAverage;
import io.gatun.nn.train.ActivationStatistics;
import io.gatun.nn.train.EarlyStopping;
import io.gatun.nn.train.GradientStatistics;
import io.gatun.nn.train.Monitor;
import io.gatun.nn.train.NonFinite;
import io.gatun.nn.train.ReduceOnPlateau;
import io.gatun.nn.train.SupervisedTask;
import io.gatun.nn.train.Trainer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole training on a device, with all that looks at it, leaves the file that one on the host leaves. */
class CheckpointsOfADeviceTest {
    @TempDir
    private Path folder;

    private static final class Run implements AutoCloseable {
        final Kernels kernels;
        final NativeMemory memory;
        final Module model = new Sequential(
                new Unflatten(4, 4, 2),
                new Conv2d(2, 8, 3, new Window(1, 1, 1, 1), false, Init.kaimingNormal()),
                new BatchNorm2d(8, true),
                new Dropout(0.1f),
                new GlobalAvgPool(),
                new Linear(8, 3));
        final Parameters parameters;
        final SupervisedTask task;
        final Optimizer optimizer;
        final Tape tape;
        final WeightAverage average;
        final Plateau plateau;
        final EarlyStopping stopping;

        Run(boolean device) {
            kernels = device ? StandInDevice.open() : Kernels.open("simd", 1);
            memory = kernels.memory();
            parameters = model.allocate(memory, 1);
            task = new SupervisedTask(
                    model,
                    Loss.CROSS_ENTROPY,
                    DataLoader.training(Pictures.of(70, 1), 16, 3),
                    DataLoader.evaluation(Pictures.of(20, 2), 16),
                    memory);
            Schedule schedule = Schedule.constant(0.05f);
            optimizer = new AdamW(kernels, memory, parameters, schedule, AdamW.Options.DEFAULT).clipNorm(1);
            average = WeightAverage.ema(kernels, memory, parameters, 0.9f);
            optimizer.attach(average);
            plateau = new Plateau(memory, optimizer, Plateau.Options.DEFAULT.withPatience(0));
            stopping = new EarlyStopping(Monitor.min("loss"), 5, memory, parameters);
            tape = new Tape(kernels, memory, 0, 1);
        }

        Trainer trainer(int epochs, Path file) {
            return new Trainer(task, optimizer, tape, epochs)
                    .average(average, 2)
                    .accumulate(2)
                    .penalty(Penalty.l2(1e-3f))
                    .nonFinite(NonFinite.skip(2))
                    .metrics(new ConfusionMatrix(3))
                    .callback(stopping)
                    .callback(new ReduceOnPlateau(plateau, "loss"))
                    .callback(new GradientStatistics(1, 1e-4, 1e3))
                    .checkpoint(file, 0, Map.of());
        }

        void resume(Trainer trainer, Path from) throws IOException {
            try (Arena arena = Arena.ofConfined()) {
                trainer.resume(CheckpointFile.read(from, arena));
            }
        }

        @Override
        public void close() {
            tape.close();
            stopping.close();
            plateau.close();
            average.close();
            optimizer.close();
            task.close();
            parameters.close();
            assertThat(memory.leaks()).isEmpty();
            kernels.close();
        }
    }

    @Test
    void aTrainingHasTheHostsFilesAndGoesOnInEitherPlace() throws IOException {
        Path[] half = {folder.resolve("half0"), folder.resolve("half1")};
        Path whole = folder.resolve("whole");
        for (int device = 0; device < 2; device++) {
            try (Run run = new Run(device == 1)) {
                run.trainer(2, half[device]).run();
            }
        }
        assertThat(Files.readAllBytes(half[1])).isEqualTo(Files.readAllBytes(half[0]));
        Path[] resumed = {folder.resolve("resumed0"), folder.resolve("resumed1")};
        for (int device = 0; device < 2; device++) {
            try (Run run = new Run(device == 1)) {
                // What the other place has left.
                Trainer trainer = run.trainer(3, resumed[device]);
                run.resume(trainer, half[1 - device]);
                trainer.run();
            }
        }
        try (Run run = new Run(false)) {
            run.trainer(3, whole).run();
        }
        assertThat(Files.readAllBytes(resumed[0])).isEqualTo(Files.readAllBytes(whole));
        assertThat(Files.readAllBytes(resumed[1])).isEqualTo(Files.readAllBytes(whole));
    }

    @Test
    void weightsGoThereAndBackInPyTorchsLayouts() throws IOException {
        Path host = folder.resolve("host.safetensors");
        Path there = folder.resolve("there.safetensors");
        try (Run a = new Run(false);
                Run b = new Run(true)) {
            a.parameters.initialize("1.weight", Init.constant(0.25f), 7);
            StateDict.save(a.model, host);
            StateDict.of(host).load(b.model);
            StateDict.save(b.model, there);
            assertThat(Files.readAllBytes(there)).isEqualTo(Files.readAllBytes(host));
            b.parameters.initialize("1.weight", Init.kaimingNormal(), 7);
            a.parameters.initialize("1.weight", Init.kaimingNormal(), 7);
            assertThat(b.parameters.get("1.weight").toArray())
                    .isEqualTo(a.parameters.get("1.weight").toArray());
        }
    }

    private static float train(Run run) {
        run.tape.reset();
        Tensor loss = Losses.crossEntropy(
                run.model.call(run.tape.full(Shape.of(2, 32), 1)), run.tape.integers(Shape.of(2), 0, 1));
        loss.backward();
        return loss.item();
    }

    @Test
    void whatLooksAtNetsSeesTheSame() {
        try (Run a = new Run(false);
                Run b = new Run(true)) {
            List<LearningRateFinder.Point> points = LearningRateFinder.run(
                            b.memory, b.optimizer, () -> train(b), 1e-5f, 1e-2f, 4)
                    .points();
            assertThat(points)
                    .isEqualTo(LearningRateFinder.run(a.memory, a.optimizer, () -> train(a), 1e-5f, 1e-2f, 4)
                            .points());
            assertThat(b.parameters.get("5.weight").toArray())
                    .isEqualTo(a.parameters.get("5.weight").toArray());
            assertThat(Penalty.l1(1).value(b.parameters))
                    .isEqualTo(Penalty.l1(1).value(a.parameters));
            try (var seen = ActivationStatistics.observe(a.model);
                    var seenThere = ActivationStatistics.observe(b.model)) {
                assertThat(train(b)).isEqualTo(train(a));
                assertThat(seenThere.layers()).isEqualTo(seen.layers());
            }
            assertThat(new GradientStatistics().look(b.parameters))
                    .isEqualTo(new GradientStatistics().look(a.parameters));
        }
    }

    @Test
    void whatComputesInJavaAloneSaysSo() {
        try (Run run = new Run(true)) {
            String sentence =
                    " works on the host alone and these parameters lie on cuda:0; allocate them on the host, with"
                            + " another backend's kernels";
            Schedule rate = Schedule.constant(0.1f);
            assertThatThrownBy(() -> new Lbfgs(run.memory, run.parameters, Lbfgs.Options.DEFAULT))
                    .hasMessage("L-BFGS" + sentence);
            assertThatThrownBy(() -> new AdaHessian(run.memory, run.parameters, rate, AdaHessian.Options.DEFAULT))
                    .hasMessage("AdaHessian" + sentence);
            assertThatThrownBy(() -> new HessianVector(run.memory, run.parameters))
                    .hasMessage("a product with the Hessian" + sentence);
            assertThatThrownBy(() -> new Pruning(run.memory, run.parameters)).hasMessage("pruning" + sentence);
            run.model.eval();
            Quantization quantization = new Quantization(run.model);
            assertThatThrownBy(() -> quantization.calibrate(() -> run.model.call(run.tape.zeros(Shape.of(1, 32)))))
                    .hasMessage("quantising" + sentence);
        }
    }
}
