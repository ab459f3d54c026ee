package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import io.gatun.spec.Spec;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who may use what, on which thread and until when; all else is a typed exception. */
class LifetimeTest {
    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 30), true);
    private Kernels kernels;
    private Tape tape;

    @BeforeEach
    void open() {
        kernels = Kernels.open("simd", 2, memory);
        tape = new Tape(kernels, memory);
    }

    @AfterEach
    void close() {
        tape.close();
        kernels.close();
        assertThat(memory.leaks()).isEmpty();
        assertThat(memory.budget().used()).isZero();
    }

    @Test
    void frozenNetsGiveTheSameBitsFromManyThreads() throws Exception {
        ManyCallers.check(kernels, memory);
    }

    @Test
    void aStepIsOneThreads() throws Exception {
        Linear net = new Linear(2, 3);
        try (Parameters _ = net.allocate(memory, 1)) {
            Tensor src = tape.tensor(Shape.of(1, 2), 1, 2);
            Tensor loss = net.forward(src).sum();
            for (ThrowingCallable use : List.<ThrowingCallable>of(
                    () -> net.forward(src), () -> tape.zeros(Shape.of(3)), loss::backward, () -> src.add(src))) {
                assertThat(thrownElsewhere(use))
                        .isInstanceOf(WrongThreadException.class)
                        .hasMessageContaining("slab 'step' is in a step of thread");
            }
            loss.backward();
            ThrowingCallable nextStep = () -> {
                tape.reset();
                net.forward(tape.tensor(Shape.of(1, 2), 1, 2));
            };
            assertThat(thrownElsewhere(nextStep))
                    .as("handed over between steps")
                    .isNull();
            assertThatThrownBy(() -> tape.zeros(Shape.of(3))).isInstanceOf(WrongThreadException.class);
        }
    }

    private static Throwable thrownElsewhere(ThrowingCallable use) throws InterruptedException {
        Throwable[] thrown = new Throwable[1];
        Thread.ofVirtual()
                .start(() -> thrown[0] = org.assertj.core.api.Assertions.catchThrowable(use))
                .join();
        return thrown[0];
    }

    @Test
    void whatIsClosedSaysSoAndMayBeClosedTwice() {
        Linear net = new Linear(2, 3);
        Parameters parameters = net.allocate(memory, 1);
        Optimizer optimizer = new Sgd(kernels, memory, parameters, Schedule.constant(1), Sgd.Options.PLAIN);
        CarriedState<LstmState> carried = new CharLstm(9, 5, 6, 1, 0).carriedState(memory, 2);
        Kernels own = Kernels.open("simd", 1, memory);
        Tape closed = new Tape(own, memory);
        Tensor src = closed.tensor(Shape.of(1, 2), 1, 2);
        Tensor loss = net.forward(src).sum();
        Tensor open = tape.tensor(Shape.of(1, 2), 1, 2);
        for (AutoCloseable owner : List.of(closed, optimizer, parameters, carried, own)) {
            for (int twice = 0; twice < 2; twice++) {
                assertThatCode(owner::close).doesNotThrowAnyException();
            }
        }
        Spec relu = Spec.parse("activation f32 forward act=relu count=8");
        for (ThrowingCallable use : List.<ThrowingCallable>of(
                () -> closed.zeros(Shape.of(1)),
                closed::reset,
                loss::backward,
                loss::item,
                src::grad,
                () -> net.forward(src),
                () -> net.forward(open),
                () -> parameters.get("weight").toArray(),
                parameters::zeroGradients,
                optimizer::step,
                carried::clear,
                () -> own.plan(relu),
                () -> own.explain(relu))) {
            assertThatThrownBy(use).isInstanceOf(IllegalStateException.class);
        }
        assertThatThrownBy(optimizer::step).hasMessageContaining("the optimizer was closed");
        assertThatThrownBy(closed::reset).hasMessageContaining("is closed");
    }
}
