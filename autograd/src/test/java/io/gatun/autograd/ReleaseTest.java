package io.gatun.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.FailingBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.NativeMemoryException;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tensors that the caller needs no more: what becomes of their memory, and that nobody reads what is gone. */
class ReleaseTest {
    private static final Shape SHAPE = Shape.of(2, 32, 32, 8);

    private final FailingBudget budget = new FailingBudget(1L << 30);
    private final NativeMemory memory = new NativeMemory(budget, false);
    private final Kernels kernels = Kernels.open("simd", 2, memory);
    private final Tape tape = new Tape(kernels, memory);

    @AfterEach
    void close() {
        tape.close();
        kernels.close();
    }

    private Tensor random() {
        SplittableRandom random = new SplittableRandom(4);
        Tensor tensor = tape.empty(SHAPE, "input");
        for (long i = 0; i < SHAPE.elements(); i++) {
            tensor.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return tensor;
    }

    @Test
    void whatIsNotRecordedIsFreeAtOnce() {
        Tensor x = random();
        Tensor y = x.scale(2);
        long address = y.data().address();
        y.release();
        y.release();
        assertThat(x.scale(3).data().address()).isEqualTo(address);
        assertThatIllegalStateException()
                .isThrownBy(y::toArray)
                .withMessageStartingWith("scale [2x32x32x8] was released");
        assertThatIllegalStateException().isThrownBy(() -> y.scale(2)).withMessageContaining("was released");
    }

    @Test
    void aViewKeepsTheMemoryOfItsBase() {
        Tensor y = random().scale(2);
        float first = y.toArray()[0];
        Tensor view = y.flatten(1);
        y.release();
        assertThat(view.toArray()[0]).isEqualTo(first);
        long address = view.data().address();
        view.release();
        assertThat(random().data().address()).isEqualTo(address);
    }

    @Test
    void whatARuleReadsStaysUntilItHasRun() {
        tape.reset();
        Tensor x = random().requiresGrad(true);
        Tensor y = x.mul(x);
        Tensor z = y.mul(y);
        y.release();
        Tensor loss = z.sum();
        z.release();
        long peak = tape.slab().peak();
        float[] values = x.toArray();
        loss.backward();
        float[] gradient = x.grad().toArray(ValueLayout.JAVA_FLOAT);
        for (int i = 0; i < values.length; i += 97) {
            assertThat(gradient[i]).isEqualTo(4 * values[i] * values[i] * values[i], within(values[i]));
        }
        assertThat(tape.slab().peak() - peak)
                .as("gradients lie where the released tensors lay")
                .isLessThan(4 * 4 * SHAPE.elements());
        assertThatIllegalStateException().isThrownBy(y::data).withMessageContaining("was released");
    }

    private static org.assertj.core.data.Offset<Float> within(float value) {
        return org.assertj.core.api.Assertions.within(1e-5f * (1 + Math.abs(value * value * value)));
    }

    @Test
    void whatIsNotReleasedStaysForTheCaller() {
        Tensor x = random().requiresGrad(true);
        Tensor y = x.mul(x);
        float[] before = y.toArray();
        y.mul(y).sum().backward();
        assertThat(y.toArray()).isEqualTo(before);
    }

    @Test
    void aRetainedGraphCanBeWalkedAgain() {
        Tensor x = random().requiresGrad(true);
        Tensor y = x.mul(x);
        Tensor loss = y.mul(y).sum();
        y.release();
        loss.backward(true);
        float[] once = x.grad().toArray(ValueLayout.JAVA_FLOAT);
        loss.backward();
        float[] twice = x.grad().toArray(ValueLayout.JAVA_FLOAT);
        assertThat(twice[5]).isEqualTo(2 * once[5]);
    }

    /** The same bits, whether the norm's output was kept or computed again, and less memory. */
    @Test
    void aBatchNormIsComputedAgain() {
        float[][] gradients = new float[2][];
        long[] peaks = new long[2];
        for (int again = 0; again < 2; again++) {
            try (Tape own = new Tape(kernels, memory);
                    Norms norms = new Norms(memory)) {
                SplittableRandom random = new SplittableRandom(4);
                float[] values = new float[(int) SHAPE.elements()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextGaussian();
                }
                Tensor x = own.tensor(SHAPE, values).requiresGrad(true);
                Tensor value = x;
                for (int i = 0; i < 6; i++) {
                    Tensor normal = Images.batchNorm(value, norms.norm(), null, true);
                    Tensor next = normal.mul(normal);
                    if (again == 1) {
                        normal.releaseToRecompute();
                    } else {
                        normal.release();
                    }
                    if (i > 0) {
                        value.release();
                    }
                    value = next;
                }
                Tensor loss = value.mean();
                peaks[again] = own.slab().peak();
                loss.backward();
                gradients[again] = x.grad().toArray(ValueLayout.JAVA_FLOAT);
            }
        }
        assertThat(gradients[1]).isEqualTo(gradients[0]);
        assertThat(gradients[1]).isNotEqualTo(new float[gradients[1].length]);
        assertThat(peaks[1]).isLessThan(peaks[0] - 4 * 4 * SHAPE.elements());
    }

    private static final class Norms implements AutoCloseable {
        private final Parameter gamma = Parameter.of(Shape.of(8), Initializer.ONES);
        private final Parameter beta = Parameter.of(Shape.of(8), Initializer.ZEROS);
        private final Parameter mean = Parameter.buffer(Shape.of(8), Initializer.ZEROS);
        private final Parameter variance = Parameter.buffer(Shape.of(8), Initializer.ONES);
        private final Parameters parameters;

        Norms(NativeMemory memory) {
            parameters = Parameters.builder()
                    .add("gamma", gamma)
                    .add("beta", beta)
                    .add("mean", mean)
                    .add("variance", variance)
                    .build(memory, "norms", 1);
        }

        Images.Norm norm() {
            return new Images.Norm(gamma, beta, mean, variance, null, 1e-5f, 0.1f, true);
        }

        @Override
        public void close() {
            parameters.close();
        }
    }

    /** With the memory of released tensors in other hands, a second try would read what is not there. */
    @Test
    void aBackwardThatFailedCannotGoOnWithWhatItFreed() {
        Tensor x = random().requiresGrad(true);
        Tensor y = x.mul(x);
        Tensor z = y.mul(y);
        Tensor w = random().requiresGrad(true);
        Tensor loss = z.mul(w).sum();
        y.release();
        z.release();
        int failures = 0;
        for (int k = 1; k < 4; k++) {
            budget.failAt(k);
            try {
                loss.backward();
                break;
            } catch (NativeMemoryException e) {
                failures++;
                assertThat(x.grad()).isNull();
            } catch (IllegalStateException e) {
                assertThat(failures).isPositive();
                assertThat(e)
                        .hasMessageContaining("a backward that failed has given back")
                        .hasMessageContaining("abandon()");
                break;
            } finally {
                budget.failAt(0);
            }
        }
        assertThat(failures).isPositive();
        assertThatThrownBy(y::data).isInstanceOf(IllegalStateException.class);
    }
}
