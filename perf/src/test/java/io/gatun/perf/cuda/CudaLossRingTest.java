package io.gatun.perf.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.LossRing;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.RequiresEmulation;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Places;
import io.gatun.nn.Dropout;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Sequential;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Steps of all kinds that note their losses in one ring, where everything runs as late as it may. */
@RequiresEmulation
class CudaLossRingTest {
    /** A code after which the context lives on. */
    private static final int NOT_SUPPORTED = 801;

    private static final int RING = 4;
    private static final Shape BATCH = Shape.of(3, 5);

    @BeforeEach
    void runsLate() {
        EmulatedDevice.reset();
        EmulatedDevice.set("ASYNC", "1");
    }

    @AfterEach
    void nothingIsBroken() {
        assertThat(EmulatedDevice.check()).isZero();
        EmulatedDevice.reset();
    }

    /** A net with one captured step for each of its batches, as a trainer has for each buffer of its loader. */
    private static final class Run implements AutoCloseable {
        final Kernels kernels = Kernels.open("cuda", 1, new NativeMemory(new MemoryBudget(1L << 24), false));
        final NativeMemory memory = kernels.memory();
        final Module model = new Sequential(new Linear(5, 4), new Dropout(0.3f), new Linear(4, 1));
        final Parameters parameters = model.allocate(memory, 1);
        final Optimizer optimizer =
                new AdamW(kernels, memory, parameters, Schedule.cosine(0.1f, 2, 40), AdamW.Options.DEFAULT);
        final Tape tape = new Tape(kernels, memory, 0, 7);
        final ParameterScope scope = memory.parameters("batches");
        final List<MemorySegment> batches = new ArrayList<>();
        final List<CapturedStep> steps = new ArrayList<>();
        final LossRing losses = new LossRing(memory, RING);

        Run() {
            for (int i = 0; i < 3; i++) {
                MemorySegment batch = scope.allocate(4 * BATCH.elements(), "batch");
                float[] values = new float[(int) BATCH.elements()];
                for (int k = 0; k < values.length; k++) {
                    values[k] = (k * 7 + i * 5) % 11 - 5;
                }
                Places.write(values, batch);
                batches.add(batch);
                steps.add(tape.capture(() -> loss(batch)));
            }
        }

        private Tensor loss(MemorySegment batch) {
            return model.call(tape.input(BATCH, batch)).square().mean();
        }

        /** Built anew, and read at once. */
        float eager(int batch) {
            tape.reset(optimizer.steps());
            Tensor loss = loss(batches.get(batch));
            loss.backward();
            optimizer.step();
            losses.note(loss);
            return loss.item();
        }

        void launch(int batch, LossRing ring) {
            steps.get(batch).train(optimizer.steps(), optimizer.update(), ring);
        }

        float[] values() {
            return Places.floats(parameters.values());
        }

        @Override
        public void close() {
            losses.close();
            scope.close();
            tape.close();
            optimizer.close();
            parameters.close();
            assertThat(memory.leaks()).isEmpty();
            kernels.close();
        }
    }

    /** The same steps on two sides: each built anew and read at once, and launched. */
    private static final class Pair implements AutoCloseable {
        final Run eager = new Run();
        final Run launched = new Run();
        final List<Float> expected = new ArrayList<>();

        /** A step on that batch, launched into the ring that all share. */
        void step(int batch) {
            expected.add(eager.eager(batch));
            launched.launch(batch, launched.losses);
        }

        /** One that is built anew on both sides. */
        void anew(int batch) {
            expected.add(eager.eager(batch));
            launched.eager(batch);
        }

        /** Many steps on all batches; every second one is repeated by a graph. */
        void steps(int count) {
            for (int i = 0; i < count; i++) {
                step(i % 3);
            }
        }

        /** The ring has the latest losses, to the bit, and the parameters are the same. */
        void agree() {
            assertThat(launched.losses.noted()).isEqualTo(expected.size());
            int count = Math.min(RING, expected.size());
            List<Float> latest = new ArrayList<>();
            for (float loss : launched.losses.latest(count)) {
                latest.add(loss);
            }
            assertThat(latest).isEqualTo(expected.subList(expected.size() - count, expected.size()));
            assertThat(launched.values()).isEqualTo(eager.values());
        }

        @Override
        public void close() {
            eager.close();
            launched.close();
        }
    }

    @Test
    void stepsThatAreLaunchedAndOthersTakeTurns() {
        try (Pair pair = new Pair()) {
            pair.steps(11);
            pair.agree();
            pair.anew(1);
            pair.step(2);
            pair.anew(0);
            pair.anew(0);
            pair.step(0);
            assertThat(pair.launched.steps.getFirst().repeating()).isTrue();
            pair.agree();
            // One that is read as far as its loss, and not by the ring.
            pair.launched.steps.get(1).forward(pair.launched.optimizer.steps());
            pair.launched.tape.abandon();
            pair.steps(2);
            pair.agree();
        }
    }

    @Test
    void stepsThatAreRecordedOrCollectedAnewNoteTheirLossesToo() {
        try (Pair pair = new Pair()) {
            pair.steps(7);
            pair.launched.steps.get(1).close();
            pair.steps(5);
            pair.agree();
            // Another cut of the parameters: other kernels, and a gradient less.
            for (Run run : List.of(pair.eager, pair.launched)) {
                run.parameters.named().get("0.bias").requiresGrad(false);
            }
            pair.steps(7);
            pair.agree();
            // Other kernels of the update alone.
            for (Run run : List.of(pair.eager, pair.launched)) {
                run.optimizer.clipNorm(1e-3f);
            }
            pair.steps(7);
            pair.agree();
            assertThat(pair.launched.optimizer.gradientNorm())
                    .isPositive()
                    .isEqualTo(pair.eager.optimizer.gradientNorm());
        }
    }

    @Test
    void aRingOfItsOwnForAWhileLeavesTheOtherAsItWas() {
        try (Pair pair = new Pair()) {
            pair.steps(8);
            float other;
            try (LossRing ring = new LossRing(pair.launched.memory, 3)) {
                other = pair.eager.eager(2);
                pair.launched.launch(2, ring);
                assertThat(ring.latest(1)).containsExactly(other);
                assertThat(pair.launched.steps.get(2).repeating()).isTrue();
            }
            pair.agree();
            // Its graph would write to memory that is another's now.
            pair.steps(6);
            pair.agree();
            pair.eager.eager(0);
            pair.launched.steps.getFirst().train(pair.launched.optimizer.steps(), pair.launched.optimizer.update());
            pair.agree();
        }
    }

    /** Whatever call it is that fails. */
    @Test
    void aStepThatCannotBeLaunchedNotesNothing() {
        try (Pair pair = new Pair()) {
            pair.steps(9);
            for (String call : List.of("cudaMemcpyAsync", "cudaGraphLaunch")) {
                failing(pair, call);
                pair.step(0);
                pair.agree();
            }
            for (String call : List.of("cudaStreamBeginCapture", "cudaGraphInstantiate")) {
                pair.launched.steps.getFirst().close();
                pair.step(0);
                failing(pair, call);
                pair.step(0);
                pair.agree();
            }
            pair.anew(1);
            pair.steps(6);
            pair.agree();
        }
    }

    private static void failing(Pair pair, String call) {
        EmulatedDevice.fail(call, 1, NOT_SUPPORTED);
        assertThatThrownBy(() -> pair.launched.launch(0, pair.launched.losses))
                .isInstanceOf(CudaException.class)
                .hasMessageContaining(call);
        pair.agree();
    }

    @Test
    void ringsThatAreClosedOrElsewhereAreRefusedBeforeTheStep() {
        try (Pair pair = new Pair();
                LossRing host = new LossRing(NativeMemory.standard(), 2)) {
            pair.steps(6);
            LossRing closed = new LossRing(pair.launched.memory, 2);
            closed.close();
            assertThatThrownBy(() -> pair.launched.launch(0, closed))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the ring of losses was closed; make a new one to keep more");
            assertThatThrownBy(() -> pair.launched.launch(0, host))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "a step on cuda:0 cannot keep its loss on host; make the ring with its kernels' memory()");
            pair.agree();
        }
    }
}
