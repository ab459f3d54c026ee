package io.gatun.autograd;

import static io.gatun.autograd.GradientCheck.input;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values, gradients and refusals of what cuts, joins, repeats and picks. */
class PiecesTest {
    private static Kernels kernels;
    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 24), true);
    private Tape tape;

    @BeforeAll
    static void open() {
        kernels = Kernels.open("simd", 1);
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    @BeforeEach
    void begin() {
        tape = new Tape(kernels, memory);
    }

    @AfterEach
    void end() {
        tape.close();
        assertThat(memory.leaks()).isEmpty();
    }

    private Tensor counted(int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        return tape.tensor(shape, values);
    }

    private static void holds(Tensor tensor, int[] dims, float... values) {
        assertThat(tensor.shape()).isEqualTo(Shape.of(dims));
        assertThat(tensor.toArray()).containsExactly(values);
    }

    private static int[] dims(int... dims) {
        return dims;
    }

    @Test
    void pieces() {
        Tensor src = counted(2, 3, 2);
        holds(src.narrow(1, 1, 2), dims(2, 2, 2), 2, 3, 4, 5, 8, 9, 10, 11);
        holds(src.narrow(-1, 1, 1), dims(2, 3, 1), 1, 3, 5, 7, 9, 11);
        holds(src.narrow(0, 1, 1), dims(1, 3, 2), 6, 7, 8, 9, 10, 11);
        holds(src.narrow(1, 3, 0), dims(2, 0, 2));
        holds(src.select(1, -1), dims(2, 2), 4, 5, 10, 11);
        holds(src.select(0, 0), dims(3, 2), 0, 1, 2, 3, 4, 5);
        holds(src.select(2, 0), dims(2, 3), 0, 2, 4, 6, 8, 10);
        List<Tensor> parts = Pieces.split(src, 1, 1, 2);
        holds(parts.get(0), dims(2, 1, 2), 0, 1, 6, 7);
        holds(Pieces.concat(1, parts.get(1), parts.get(0)), dims(2, 3, 2), 2, 3, 4, 5, 0, 1, 8, 9, 10, 11, 6, 7);
        holds(Pieces.stack(1, src.select(1, 0), src.select(1, 2)), dims(2, 2, 2), 0, 1, 4, 5, 6, 7, 10, 11);
        holds(Pieces.stack(-1, counted(2), counted(2)), dims(2, 2), 0, 0, 1, 1);
        holds(Pieces.stack(0, counted(2), counted(2)), dims(2, 2), 0, 1, 0, 1);
        assertThat(Pieces.chunk(counted(7), 0, 3))
                .extracting(t -> t.shape().dim(0))
                .containsExactly(3, 3, 1);
        assertThat(Pieces.chunk(counted(4), 0, 3))
                .extracting(t -> t.shape().dim(0))
                .containsExactly(2, 2);
        holds(Pieces.pad(counted(2, 2), 1, 1, 2, -1), dims(2, 5), -1, 0, 1, -1, -1, -1, 2, 3, -1, -1);
        holds(counted(2, 1).expand(2, 2, 3), dims(2, 2, 3), 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1);
    }

    /** A narrow along the first axis is the memory of its source, and of one number at a time: nothing to copy. */
    @Test
    void whatLiesTogetherIsAView() {
        Tensor src = counted(4, 3);
        assertThat(src.narrow(0, 1, 2).data().address()).isEqualTo(src.data().address() + 12);
        assertThat(src.select(0, 2).data().address()).isEqualTo(src.data().address() + 24);
        assertThat(src.reshape(1, 4, 3).select(1, 2).data().address())
                .isEqualTo(src.data().address() + 24);
    }

    @Test
    void indices() {
        Tensor src = counted(2, 3, 2);
        Tensor two = tape.integers(Shape.of(2), 2, 0);
        holds(Lookups.indexSelect(src, 1, two), dims(2, 2, 2), 4, 5, 0, 1, 10, 11, 6, 7);
        holds(
                Lookups.indexSelect(src, 0, tape.integers(Shape.of(3), 1, 1, 0)).select(2, 0),
                dims(3, 3),
                6,
                8,
                10,
                6,
                8,
                10,
                0,
                2,
                4);
        holds(Lookups.gather(counted(2, 3), tape.integers(Shape.of(2, 2), 2, 0, 1, 1)), dims(2, 2), 2, 0, 4, 4);
        Tensor whole = tape.integers(Shape.of(2, 2), 5, 6, 7, 8);
        assertThat(whole.select(1, 1).data().toArray(java.lang.foreign.ValueLayout.JAVA_INT))
                .containsExactly(6, 8);
        assertThatThrownBy(() -> Lookups.indexSelect(src, 1, tape.integers(Shape.of(2), 2, 3)))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("index 1")
                .hasMessageContaining("0 and 2");
        assertThatThrownBy(() -> Lookups.gather(counted(2, 3), tape.integers(Shape.of(1, 2), 0, 0)))
                .hasMessageContaining("[2x3]")
                .hasMessageContaining("[1x2]");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, -1})
    void gradientsAlongEachAxis(int axis) {
        GradientCheck check = GradientCheck.of(kernels, "pieces " + axis);
        GradientCheck.Input src = input(check.normal(27 * 2), 3, 3, 6);
        GradientCheck.Input other = input(check.normal(27 * 2), 3, 3, 6);
        List<UnaryOperator<Tensor>> cuts = List.of(
                x -> x.narrow(axis, 1, 2),
                x -> x.select(axis, 1),
                x -> x.narrow(axis, 0, 2).mul(x.narrow(axis, 1, 2)).add(x.narrow(axis, 1, 2)),
                x -> Pieces.pad(x, axis, 1, 2, 5));
        for (UnaryOperator<Tensor> cut : cuts) {
            check.check((tape, in) -> cut.apply(in[0]), src);
            check.check((tape, in) -> cut.apply(in[0].scale(2)), src);
        }
        check.check((tape, in) -> Pieces.concat(axis, in[0], in[1], in[0]), src, other);
        check.check((tape, in) -> Pieces.stack(axis, in[0], in[1].scale(3)), src, other);
        check.check(
                (tape, in) -> Lookups.indexSelect(in[0], axis, tape.integers(Shape.of(4), 2, 0, 2, 2))
                        .scale(2),
                src);
    }

    @Test
    void gradientsOfRepetitionAndGather() {
        GradientCheck check = GradientCheck.of(kernels, "expand");
        check.check((tape, in) -> in[0].expand(4, 3, 2, 5), input(check.normal(15), 3, 1, 5));
        check.check((tape, in) -> in[0].expand(4, 3), input(check.normal(1), 1));
        check.check(
                (tape, in) -> Lookups.gather(in[0], tape.integers(Shape.of(2, 3), 1, 1, 0, 4, 2, 4)),
                input(check.normal(10), 2, 5));
    }

    @Test
    void piecesOfNothingHaveGradientsOfNothing() {
        Tensor src = counted(0, 4).requiresGrad(true);
        Tensor piece = src.narrow(1, 1, 3);
        holds(piece, dims(0, 3));
        piece.sum().backward();
        assertThat(src.grad().byteSize()).isZero();
        Tensor made = src.scale(2);
        holds(Pieces.chunk(made, -1, 2).get(1), dims(0, 2));
    }

    @Test
    void axesOfOneComeAndGo() {
        Tensor src = counted(2, 3).requiresGrad(true);
        holds(src.unsqueeze(1), dims(2, 1, 3), 0, 1, 2, 3, 4, 5);
        assertThat(src.unsqueeze(-1).shape()).isEqualTo(Shape.of(2, 3, 1));
        assertThat(src.unsqueeze(0).squeeze(-3).shape()).isEqualTo(Shape.of(2, 3));
        assertThat(src.squeeze(0)).isSameAs(src);
        src.unsqueeze(1).square().squeeze(1).sum().backward();
        assertThat(src.grad().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(0, 2, 4, 6, 8, 10);
        assertThatThrownBy(() -> src.unsqueeze(3)).hasMessageContaining("no place for an axis 3");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, -1, -2})
    void softmaxOverAnyAxis(int axis) {
        GradientCheck check = GradientCheck.of(kernels, "softmax " + axis);
        GradientCheck.Input src = input(check.normal(24), 2, 3, 4);
        check.check((tape, in) -> in[0].softmax(axis), src);
        check.check((tape, in) -> in[0].logSoftmax(axis), src);
        for (float sum : counted(2, 3, 4).softmax(axis).sum(axis).toArray()) {
            assertThat(sum).isEqualTo(1, within(1e-6f));
        }
    }

    @Test
    void axesCountFromTheEndToo() {
        Tensor src = counted(2, 3);
        holds(src.permute(-1, 0), dims(3, 2), 0, 3, 1, 4, 2, 5);
        holds(src.flatten(-2), dims(6), 0, 1, 2, 3, 4, 5);
        assertThatThrownBy(() -> src.permute(-1, 1)).hasMessageContaining("is not an order");
        assertThatThrownBy(() -> src.flatten(2)).hasMessageContaining("no axis 2");
    }

    @Test
    void refusals() {
        Tensor src = counted(2, 3);
        assertThatThrownBy(() -> src.narrow(1, 2, 2))
                .hasMessageContaining("[2x3]")
                .hasMessageContaining("0 to 2");
        assertThatThrownBy(() -> src.narrow(1, Integer.MAX_VALUE, 2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> src.narrow(2, 0, 1)).hasMessageContaining("no axis 2");
        assertThatThrownBy(() -> src.select(0, 2)).hasMessageContaining("no entry 2");
        assertThatThrownBy(() -> Pieces.concat(0, src, counted(2, 4)))
                .hasMessageContaining("[2x3]")
                .hasMessageContaining("[2x4]");
        assertThatThrownBy(() -> Pieces.stack(0, src, counted(3, 2))).hasMessageContaining("[3x2]");
        assertThatThrownBy(() -> Pieces.stack(0)).hasMessageContaining("nothing");
        assertThatThrownBy(() -> Pieces.split(src, 1, 1, 1)).hasMessageContaining("add up");
        assertThatThrownBy(() -> Pieces.pad(src, 1, -1, 0, 0)).hasMessageContaining("-1");
        assertThatThrownBy(() -> src.expand(2, 4)).hasMessageContaining("[2x3]").hasMessageContaining("[2x4]");
    }
}
