package io.gatun.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.BatchNorm1d;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.Sequential;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Optimizers on nets with a tape. */
class OptimizerNetTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final NativeMemory MEMORY = NativeMemory.standard();
    private static Kernels kernels;

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 2);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    private static Module net() {
        return new Sequential(new Linear(4, 16), Nonlinearity.tanh(), new Linear(16, 3));
    }

    /** Forward and backward on rows {@code from} to {@code to} of twelve. */
    private static double loss(Module model, Tape tape, int from, int to) {
        float[] points = new float[4 * (to - from)];
        int[] labels = new int[to - from];
        for (int i = from; i < to; i++) {
            labels[i - from] = i % 3;
            for (int j = 0; j < 4; j++) {
                points[4 * (i - from) + j] = (float) Math.sin(3 * i + 5 * j) + (i % 3 == j ? 1 : 0);
            }
        }
        tape.reset();
        Tensor logits = model.call(tape.tensor(Shape.of(to - from, 4), points));
        Tensor loss = Losses.crossEntropy(logits, tape.integers(Shape.of(to - from), labels));
        loss.backward();
        return loss.item();
    }

    /** Four micro-batches of three, their gradients added by backward and averaged by the step, are one batch of twelve. */
    @Test
    void accumulatedMicroBatchesAreOneLargeBatch() {
        Module parts = net();
        Module whole = net();
        try (Tape tape = new Tape(kernels, MEMORY);
                Parameters partsParameters = parts.allocate(MEMORY, 3);
                Parameters wholeParameters = whole.allocate(MEMORY, 3);
                Optimizer accumulated = adamW(partsParameters).clipNorm(0.5f);
                Optimizer once = adamW(wholeParameters).clipNorm(0.5f)) {
            for (int step = 0; step < 10; step++) {
                loss(whole, tape, 0, 12);
                once.step();
                for (int micro = 0; micro < 4; micro++) {
                    loss(parts, tape, 3 * micro, 3 * micro + 3);
                }
                accumulated.step(4);
                assertThat(accumulated.gradientNorm()).isCloseTo(once.gradientNorm(), within(1e-5f));
            }
            assertThat(partsParameters.values().toArray(ValueLayout.JAVA_FLOAT))
                    .containsExactly(wholeParameters.values().toArray(ValueLayout.JAVA_FLOAT), within(1e-5f));
        }
    }

    private static Optimizer adamW(Parameters parameters) {
        return new AdamW(kernels, MEMORY, parameters, Schedule.constant(1e-2f), AdamW.Options.DEFAULT);
    }

    /** With groups, an average and a frozen layer too. */
    @Test
    void aWarmStepAllocatesNothing() throws InterruptedException {
        Module model = net();
        try (Parameters parameters = model.allocate(MEMORY, 3);
                Optimizer optimizer = adamW(parameters)
                        .group(
                                name -> name.startsWith("2."),
                                Schedule.exponential(0.1f, 0.999f),
                                RmsProp.Options.DEFAULT)
                        .clipNorm(1)
                        .clipValue(0.1f);
                WeightAverage average =
                        WeightAverage.ema(kernels, MEMORY, parameters, 0.99f).warmUp()) {
            parameters.get("0.bias").requiresGrad(false);
            optimizer.attach(average);
            long least = Long.MAX_VALUE;
            long deadline = System.nanoTime() + 60_000_000_000L;
            while (least > 0 && System.nanoTime() < deadline) {
                for (int i = 0; i < 2000; i++) {
                    optimizer.step();
                }
                Thread.sleep(20); // C2 compiles in the background
                long before = THREADS.getCurrentThreadAllocatedBytes();
                optimizer.step();
                least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).as("bytes a step").isZero();
        }
    }

    @Test
    void theRangeTestFindsARateAndPutsEverythingBack() {
        Module model = new Sequential(new BatchNorm1d(4), new Linear(4, 16), Nonlinearity.tanh(), new Linear(16, 3));
        try (Tape tape = new Tape(kernels, MEMORY);
                Parameters parameters = model.allocate(MEMORY, 3);
                Optimizer optimizer =
                        new Sgd(kernels, MEMORY, parameters, Schedule.constant(0.1f), Sgd.Options.momentum(0.9f))) {
            for (int i = 0; i < 3; i++) {
                loss(model, tape, 0, 12);
                optimizer.step();
            }
            float[] values = parameters.values().toArray(ValueLayout.JAVA_FLOAT);
            byte[] buffers = parameters.buffers().toArray(ValueLayout.JAVA_BYTE);
            List<float[]> state = state(optimizer);
            LearningRateFinder.Result result =
                    LearningRateFinder.run(MEMORY, optimizer, () -> loss(model, tape, 0, 12), 1e-5f, 100, 80);
            assertThat(result.suggestion()).isBetween(1e-3f, 10f);
            assertThat(result.points().getFirst().rate()).isEqualTo(1e-5f);
            assertThat(result.points()).hasSizeBetween(30, 80);
            assertThat(parameters.values().toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(values);
            assertThat(parameters.buffers().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(buffers);
            assertThat(optimizer.steps()).isEqualTo(3);
            assertThat(optimizer.learningRate()).isEqualTo(0.1f);
            assertThat(state(optimizer)).usingRecursiveComparison().isEqualTo(state);
        }
    }

    private static List<float[]> state(Optimizer optimizer) {
        return optimizer.save().stream()
                .filter(tensor -> tensor.name().startsWith("optimizer.momentum"))
                .map(tensor -> tensor.data().toArray(ValueLayout.JAVA_FLOAT))
                .toList();
    }

    @Test
    void theSteepestFallIsSuggested() {
        var points = List.of(
                new LearningRateFinder.Point(1e-4f, 2, 2),
                new LearningRateFinder.Point(1e-3f, 1.9, 1.9),
                new LearningRateFinder.Point(1e-2f, 1.2, 1.2),
                new LearningRateFinder.Point(1e-1f, 1, 1),
                new LearningRateFinder.Point(1, 3, 3));
        assertThat(new LearningRateFinder.Result(points).suggestion()).isEqualTo(1e-2f);
        assertThatThrownBy(() -> new LearningRateFinder.Result(points.subList(3, 5)).suggestion())
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> LearningRateFinder.run(MEMORY, null, () -> 0, 1, 0.1f, 10))
                .hasMessageContaining("from 1.0 to 0.1");
    }
}
