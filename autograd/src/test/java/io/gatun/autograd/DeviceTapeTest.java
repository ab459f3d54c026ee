package io.gatun.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.kernel.StandInDevice;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.memory.StandInPlace;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A tape whose memory lies where Java cannot touch it. */
class DeviceTapeTest {
    private static final Shape ROW = Shape.of(2, 3);
    private final Kernels kernels = StandInDevice.open();
    private final Tape tape = new Tape(kernels, kernels.memory(), 0, 5);

    @AfterEach
    void givesEverythingBack() {
        StandInPlace place = (StandInPlace) tape.place();
        tape.close();
        assertThat(kernels.memory().leaks()).isEmpty();
        kernels.close();
        assertThat(place.budget().used()).isZero();
        assertThat(place.live()).isZero();
    }

    /** What the code gives on the host, eagerly. */
    private static float[] onTheHost(Function<Tape, Tensor> code, long step) {
        try (Kernels host = Kernels.open("simd", 1);
                Tape there = new Tape(host, host.memory(), 0, 5)) {
            there.reset(step);
            return code.apply(there).toArray();
        }
    }

    @Test
    void valuesGoThroughCopies() {
        Tensor x = tape.tensor(ROW, 1, 2, 3, 4, 5, 6);
        assertThat(x.toArray()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(x.sum().item()).isEqualTo(21);
        assertThat(tape.integers(Shape.of(2), 7, 8).toIntArray()).containsExactly(7, 8);
        assertThat(tape.integers(Shape.of(), 9).item()).isEqualTo(9);
        assertThat(tape.full(Shape.of(3), 2.5f).toArray()).containsExactly(2.5f, 2.5f, 2.5f);
        assertThat(Place.of(x.memory())).isSameAs(tape.place());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(24, 4);
            x.copyTo(host);
            assertThat(host.getAtIndex(ValueLayout.JAVA_FLOAT, 5)).isEqualTo(6);
            host.setAtIndex(ValueLayout.JAVA_FLOAT, 0, -1);
            x.copyFrom(host);
            assertThat(x.toArray()).containsExactly(-1, 2, 3, 4, 5, 6);
            assertThatThrownBy(() -> x.copyFrom(host.asSlice(4)))
                    .hasMessage("input [2x3] has 24 bytes, not 20; give memory of that size");
            assertThatThrownBy(() -> x.copyTo(host.asSlice(4)))
                    .hasMessage("input [2x3] has 24 bytes, not 20; give memory of that size");
        }
    }

    @Test
    void whatLiesThereIsNotShown() {
        Tensor x = tape.zeros(ROW).relu();
        assertThatThrownBy(x::data)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "relu [2x3] lies on cuda:0; read it with toArray() or copyTo(), or give memory() to a plan");
    }

    @Test
    void otherPlacesAreRefusedByName() {
        try (Kernels other = StandInDevice.open("cuda:1", 1 << 20);
                Kernels host = Kernels.open("reference", 1);
                Tape hosts = new Tape(host, host.memory());
                ParameterScope scope = other.memory().parameters("there")) {
            MemorySegment there = scope.allocate(24, "x");
            assertThatThrownBy(() -> tape.input(ROW, there))
                    .hasMessage("input [2x3] lies on cuda:1 and this tape on cuda:0; copy it to the host or there");
            assertThatThrownBy(() -> hosts.input(ROW, there))
                    .hasMessage("input [2x3] lies on cuda:1 and this tape on host; copy it to the host or there");
            assertThatThrownBy(() -> tape.input(ROW, MemorySegment.ofArray(new float[6])))
                    .hasMessageContaining("on the Java heap");
            assertThatThrownBy(() -> new Tape(kernels, NativeMemory.standard()))
                    .hasMessage(
                            "a tape of kernels on cuda:0 cannot have memory on host; give it the kernels' memory()");
            Parameter weight = Parameter.of(Shape.of(3), Initializer.ONES);
            try (Parameters _ = Parameters.builder().add("w", weight).build(NativeMemory.standard(), "model", 1)) {
                Tensor x = tape.zeros(ROW);
                assertThatThrownBy(() -> x.mul(weight))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("lies on host and this plan works on cuda:0");
                assertThatThrownBy(() -> x.add(hosts.zeros(ROW)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("add: zeros [2x3] lies on host and the other inputs on cuda:0; copy it to the host"
                                + " and there first");
            }
            assertThatThrownBy(() -> Places.copy(there, tape.zeros(ROW).memory()))
                    .hasMessage("24 bytes cannot be copied from cuda:1 to cuda:0; copy them to the host first");
        }
    }

    @Test
    void memoryOfTheDeviceIsTakenAsItIs() {
        try (ParameterScope scope = kernels.memory().parameters("mine")) {
            MemorySegment mine = scope.allocate(24, "x");
            assertThat(tape.input(ROW, mine).memory().address()).isEqualTo(mine.address());
        }
    }

    /** Masks follow from seed, step and stream alone, also beyond the operands that are copied at once. */
    @Test
    void dropsWhatTheHostDrops() {
        Function<Tape, Tensor> code = on -> {
            Tensor sum = on.zeros(Shape.of(257));
            for (int i = 0; i < 70; i++) {
                sum = sum.add(Activations.dropout(on.full(Shape.of(257), i + 1), 0.5f));
            }
            return sum;
        };
        for (long step : new long[] {0, 3}) {
            tape.reset(step);
            assertThat(code.apply(tape).toArray()).isEqualTo(onTheHost(code, step));
        }
    }

    /** A net of what was not released and what was, so that memory is used again within the step. */
    private static Tensor twoInputs(Tape on, MemorySegment first, MemorySegment second, Tensor weight) {
        Shape large = Shape.of(64, 128);
        Tensor a = on.input(large, first);
        Tensor b = a.mul(weight).relu();
        Tensor c = b.square();
        b.release();
        try (var _ = on.noGrad()) {
            // Nobody needs it again: its memory is free before the second input is there.
            a.scale(3).release();
        }
        Tensor d = on.input(large, second);
        Tensor e = c.add(d);
        c.release();
        return Activations.dropout(e, 0.3f).mean();
    }

    @Test
    void repetitionsReadTheirInputsAndRandomNumbersAnew() {
        int count = 64 * 128;
        Parameter weight = Parameter.of(Shape.of(128), Initializer.ONES);
        Parameter same = Parameter.of(Shape.of(128), Initializer.ONES);
        try (Kernels host = Kernels.open("simd", 1);
                Tape hosts = new Tape(host, host.memory(), 0, 5);
                Parameters theirs = Parameters.builder().add("w", same).build(host.memory(), "model", 1);
                Parameters ours = Parameters.builder().add("w", weight).build(kernels.memory(), "model", 1);
                Arena arena = Arena.ofConfined()) {
            MemorySegment first = arena.allocate(4L * count, 64);
            MemorySegment second = arena.allocate(4L * count, 64);
            CapturedStep step = tape.capture(() -> twoInputs(tape, first, second, weight));
            for (int i = 0; i < 5; i++) {
                for (int k = 0; k < count; k++) {
                    first.setAtIndex(ValueLayout.JAVA_FLOAT, k, (i + 1) * (k % 7 - 3));
                    second.setAtIndex(ValueLayout.JAVA_FLOAT, k, i - k % 5);
                }
                hosts.reset(i);
                Tensor expected = twoInputs(hosts, first, second, same);
                expected.backward();
                assertThat(step.forward(i)).isEqualTo(expected.item());
                step.backward();
                assertThat(step.repeating()).isEqualTo(i > 0);
                assertThat(Places.floats(weight.grad())).isEqualTo(Places.floats(same.grad()));
                ours.stepped();
                theirs.stepped();
            }
        }
    }

    /** Of one number, of what is packed at most, of one byte more, and more of them than a block holds. */
    @Test
    void inputsOfAllSizesAreReadAnew() {
        int[] sizes = {1, 4096, 4096, 3, 4097, 4096, 4096, 4096, 17, 20_000, 1};
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] inputs = new MemorySegment[sizes.length];
            for (int i = 0; i < sizes.length; i++) {
                inputs[i] = arena.allocate(4L * sizes[i], 4);
            }
            CapturedStep step = tape.capture(() -> {
                Tensor sum = tape.zeros(Shape.of());
                for (int i = 0; i < sizes.length; i++) {
                    sum = sum.add(
                            tape.input(Shape.of(sizes[i]), inputs[i]).sum().scale(i + 1));
                }
                return Activations.dropout(sum.reshape(1).requiresGrad(true), 0.1f)
                        .sum();
            });
            for (int k = 0; k < 4; k++) {
                float expected = 0;
                for (int i = 0; i < sizes.length; i++) {
                    inputs[i].setAtIndex(ValueLayout.JAVA_FLOAT, sizes[i] - 1, k + i);
                    expected += (i + 1) * (k + i);
                }
                tape.reset(k);
                float kept = Activations.dropout(tape.full(Shape.of(1), expected), 0.1f)
                        .item();
                assertThat(step.forward(k)).isEqualTo(kept);
                step.backward();
                assertThat(step.repeating()).isEqualTo(k > 0);
            }
        }
    }

    /** What the tape is given between a repeated forward and its backward lies beside what the backward reads. */
    @Test
    void aBackwardReadsTheInputsOfItsForward() {
        Parameter weight = Parameter.of(Shape.of(3), Initializer.ONES);
        try (Parameters parameters = Parameters.builder().add("w", weight).build(kernels.memory(), "model", 1);
                Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(12, 4);
            MemorySegment others = arena.allocate(4 * 4096, 4).fill((byte) 1);
            CapturedStep step =
                    tape.capture(() -> tape.input(Shape.of(3), x).mul(weight).sum());
            for (int i = 0; i < 4; i++) {
                for (int k = 0; k < 3; k++) {
                    x.setAtIndex(ValueLayout.JAVA_FLOAT, k, 10 * i + k);
                }
                step.forward(i);
                for (int k = 0; k < 5; k++) {
                    tape.input(Shape.of(4096), others);
                }
                step.backward();
                assertThat(Places.floats(weight.grad())).containsExactly(10 * i, 10 * i + 1, 10 * i + 2);
                parameters.stepped();
            }
        }
    }

    @Test
    void constantsStayOnTheDevice() {
        Tensor one = tape.constant(Shape.of(3), 1f, 2f, 3f);
        long used = tape.place().budget().used();
        tape.reset();
        Tensor two = tape.constant(Shape.of(3), 1f, 2f, 3f);
        assertThat(two.memory().address()).isEqualTo(one.memory.address());
        assertThat(tape.place().budget().used()).isEqualTo(used);
        two.release();
        assertThat(tape.constant(Shape.of(3), 1f, 2f, 3f).toArray()).containsExactly(1, 2, 3);
        float[] many = new float[3 << 20];
        for (int i = 0; i < 3; i++) {
            Arrays.fill(many, i);
            assertThat(tape.constant(Shape.of(many.length), many).sum().item()).isEqualTo((float) i * many.length);
        }
    }

    @Test
    void picksPowersAndMasksAreTheHosts() {
        Function<Tape, Tensor> code = on -> {
            Tensor x = on.tensor(ROW, 3, 1, 2, 4, 6, 5).requiresGrad(true);
            Tensor rows = Lookups.indexSelect(x, 0, on.integers(Shape.of(3), 1, 0, 1));
            Tensor picked = Lookups.gather(x, Extremes.argmax(x, 1).reshape(2, 1));
            Tensor loss = rows.pow(1.5f).sum().add(picked.sum()).add(x.max(1).sum());
            loss.backward();
            Tensor gradient = on.tensor(ROW, Places.floats(x.grad()));
            Tensor mask = Attention.paddingMask(on.integers(Shape.of(2), 1, 2), 3);
            return Pieces.concat(0, gradient.flatten(0), loss.reshape(1), mask.flatten(0));
        };
        tape.reset(1);
        assertThat(code.apply(tape).toArray()).isEqualTo(onTheHost(code, 1));
        tape.reset();
        assertThatThrownBy(() -> Lookups.gather(tape.zeros(ROW), tape.integers(Shape.of(2, 1), 0, 3)))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("is 3, not within 0 and 2");
    }

    @Test
    void aStepThatIsGivenUpTakesBackCountersAndStatistics() {
        Parameter mean = Parameter.buffer(Shape.of(3), Initializer.ZEROS);
        Parameter variance = Parameter.buffer(Shape.of(3), Initializer.ONES);
        Parameter batches = Parameter.counter();
        try (Parameters _ = Parameters.builder()
                .add("mean", mean)
                .add("var", variance)
                .add("batches", batches)
                .build(kernels.memory(), "model", 1)) {
            var norm = new Images.Norm(null, null, mean, variance, batches, 1e-5f, Images.Norm.CUMULATIVE, true);
            for (int i = 0; i < 2; i++) {
                tape.reset();
                Images.batchNorm(tape.tensor(ROW, 3, 1, 2, 4, 6, 5), norm, null, false);
                assertThat(batches.data().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(1);
                assertThat(mean.toArray()).containsExactly(3.5f, 3.5f, 3.5f);
                tape.abandon();
                assertThat(batches.data().get(ValueLayout.JAVA_LONG, 0)).isZero();
                assertThat(mean.toArray()).containsOnly(0);
                assertThat(variance.toArray()).containsOnly(1);
            }
        }
    }

    @Test
    void buffersAreCopiedWithTheirCounters() {
        Parameter mean = Parameter.buffer(Shape.of(3), Initializer.ONES);
        Parameter batches = Parameter.counter();
        try (Parameters parameters = Parameters.builder()
                        .add("mean", mean)
                        .add("batches", batches)
                        .build(kernels.memory(), "model", 1);
                Arena arena = Arena.ofConfined()) {
            batches.data().set(ValueLayout.JAVA_LONG, 0, 42);
            MemorySegment kept = arena.allocate(parameters.buffers().byteSize(), 64);
            parameters.copyBuffersTo(kept);
            mean.copyFrom(7, 8, 9);
            batches.data().set(ValueLayout.JAVA_LONG, 0, 43);
            parameters.copyBuffersFrom(kept);
            assertThat(mean.toArray()).containsOnly(1);
            assertThat(batches.data().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(42);
            assertThatThrownBy(() -> parameters.requireHost("L-BFGS"))
                    .hasMessage(
                            "L-BFGS works on the host alone and these parameters lie on cuda:0; allocate them on the"
                                    + " host, with another backend's kernels");
        }
    }

    @Test
    void aStepWhoseInputWasClosedNamesIt() {
        Arena arena = Arena.ofShared();
        MemorySegment batch = arena.allocate(24, 4);
        CapturedStep step = tape.capture(() -> tape.input(ROW, batch).sum());
        step.forward(0);
        step.forward(1);
        arena.close();
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> step.forward(2))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("input " + ROW
                            + " of f32: its memory was closed; keep it until the last step that reads it");
        }
    }
}
