package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Plan;
import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** Operations on sequences, time outermost: embedding, and layers of LSTM, GRU and plain recurrent cells. */
public final class Sequences {
    private Sequences() {}

    /**
     * Rows of the table: indices (32-bit) of any shape give that shape with a last axis of the table's width.
     *
     * @throws IndexOutOfBoundsException if an index is outside the table
     */
    public static Tensor embedding(Tensor table, Tensor indices) {
        Tape tape = Tape.of("embedding", table, indices);
        Views.require("embedding", indices, DType.I32);
        if (table.shape.rank() != 2) {
            throw new IllegalArgumentException(
                    "embedding: table " + table.shape + " must be [vocabulary x width] for indices " + indices.shape);
        }
        EmbeddingSpec spec =
                new EmbeddingSpec(Direction.FORWARD, table.shape.dim(0), table.shape.dim(1), indices.shape.elements());
        int[] dims = Arrays.copyOf(indices.shape.dims(), indices.shape.rank() + 1);
        dims[dims.length - 1] = spec.dim();
        Tensor floats = Casts.floats(tape, "embedding", table);
        Tensor dst = tape.result(Shape.of(dims), "embedding");
        tape.run(spec, indices.memory(), floats.memory(), dst.memory);
        tape.record(new Op.Embedding(spec), dst, floats, indices);
        Casts.release(floats, table);
        return dst;
    }

    /**
     * Weights of one recurrent layer in one direction, by PyTorch's names; rows are h for each gate: weightsIh [gates·h, i],
     * weightsHh [gates·h, h], biasIh and biasHh [gates·h].
     *
     * @param biasIh or null for none
     * @param biasHh or null for none
     */
    public record RecurrentWeights(Tensor weightsIh, Tensor weightsHh, Tensor biasIh, Tensor biasHh) {}

    /** All hidden states [t, b, h] and the state after the last step. */
    public record RecurrentResult<S>(Tensor output, S last) {}

    /** Hidden and cell state of an LSTM, [b, h] each. */
    public record LstmState(Tensor h, Tensor c) {
        /** The same values without their history, to cut backward through time. */
        public LstmState detach() {
            return new LstmState(h.detach(), c.detach());
        }
    }

    /**
     * One LSTM layer over a whole sequence src [t, b, i], gates in the order i, f, g, o ({@link LstmSpec}).
     *
     * @param initial the state before the first step, or null for zeros
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static RecurrentResult<LstmState> lstm(Tensor src, RecurrentWeights weights, LstmState initial) {
        Tape tape = Tape.of("lstm", src);
        Shape s = src.shape;
        int h = hidden("lstm", 4, src, weights);
        // The kernel adds one bias: with two of them their gradients are equal.
        Tensor biasIh = bias(tape, weights.biasIh, 4 * h);
        Tensor bias =
                weights.biasHh == null ? biasIh : Arithmetic.binary(tape, BinarySpec.Op.ADD, biasIh, weights.biasHh);
        Tensor h0 = state("lstm", tape, src, h, initial == null ? null : initial.h);
        Tensor c0 = state("lstm", tape, src, h, initial == null ? null : initial.c);
        DType type = tape.storage();
        Tensor[] in = {
            Casts.to(tape, "lstm", src, type),
            Casts.to(tape, "lstm", h0, type),
            Casts.floats(tape, "lstm", c0),
            Casts.floats(tape, "lstm", weights.weightsIh),
            Casts.floats(tape, "lstm", weights.weightsHh),
            Casts.floats(tape, "lstm", bias)
        };
        Casts.Lowered[] lowered = lowered(tape, "lstm", type, in[3], in[4]);
        LstmSpec spec = new LstmSpec(pass(tape, in), s.dim(0), s.dim(1), s.dim(2), h);
        Tensor[] out = {
            tape.result(Shape.of(s.dim(0), s.dim(1), h), type, "lstm"),
            tape.result(h0.shape, type, "lstm hn"),
            tape.result(h0.shape, "lstm cn")
        };
        Recurrent recurrent = new Recurrent(3, lowered);
        run(tape, spec, recurrent, in, out, (plan, workspace) -> new Op.Lstm(spec, plan, recurrent, workspace));
        Casts.release(in[0], src);
        return new RecurrentResult<>(out[0], new LstmState(out[1], out[2]));
    }

    /**
     * One GRU layer over a whole sequence src [t, b, i], gates in the order r, z, n, as PyTorch defines it ({@link
     * GruSpec}): the reset gate scales biasHh of n with the product it belongs to, so the biases are two.
     *
     * @param initial the state before the first step, [b, h], or null for zeros
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static RecurrentResult<Tensor> gru(Tensor src, RecurrentWeights weights, Tensor initial) {
        Tensor[] in = oneState("gru", 3, src, weights, initial);
        Tape tape = src.tape;
        Shape s = src.shape;
        Recurrent recurrent = new Recurrent(2, lowered(tape, "gru", in[0].type, in[2], in[3]));
        GruSpec spec = new GruSpec(pass(tape, in), s.dim(0), s.dim(1), s.dim(2), in[1].shape.last());
        return oneState(
                "gru", spec, recurrent, in, src, (plan, workspace) -> new Op.Gru(spec, plan, recurrent, workspace));
    }

    /**
     * One layer of a plain recurrent net over a whole sequence src [t, b, i]: h_t = act(src_t·weightsIhᵀ + biasIh +
     * h_(t-1)·weightsHhᵀ + biasHh).
     *
     * @param activation {@link Activation#TANH} or {@link Activation#RELU}
     * @param initial the state before the first step, [b, h], or null for zeros
     * @throws IllegalArgumentException naming the shapes, if they do not fit, or another activation
     */
    public static RecurrentResult<Tensor> rnn(
            Tensor src, RecurrentWeights weights, Activation activation, Tensor initial) {
        Tensor[] in = oneState("rnn", 1, src, weights, initial);
        Tape tape = src.tape;
        Shape s = src.shape;
        Recurrent recurrent = new Recurrent(2, lowered(tape, "rnn", in[0].type, in[2], in[3]));
        RnnSpec spec = new RnnSpec(pass(tape, in), activation, s.dim(0), s.dim(1), s.dim(2), in[1].shape.last());
        return oneState(
                "rnn", spec, recurrent, in, src, (plan, workspace) -> new Op.Rnn(spec, plan, recurrent, workspace));
    }

    /** The inputs of a layer with one state. */
    private static Tensor[] oneState(String name, int gates, Tensor src, RecurrentWeights weights, Tensor initial) {
        Tape tape = Tape.of(name, src);
        int h = hidden(name, gates, src, weights);
        DType type = tape.storage();
        return new Tensor[] {
            Casts.to(tape, name, src, type),
            Casts.to(tape, name, state(name, tape, src, h, initial), type),
            Casts.floats(tape, name, weights.weightsIh),
            Casts.floats(tape, name, weights.weightsHh),
            Casts.floats(tape, name, bias(tape, weights.biasIh, gates * h)),
            Casts.floats(tape, name, bias(tape, weights.biasHh, gates * h))
        };
    }

    private static RecurrentResult<Tensor> oneState(
            String name,
            Spec spec,
            Recurrent recurrent,
            Tensor[] in,
            Tensor src,
            BiFunction<Plan, MemorySegment, Op> op) {
        Tape tape = in[0].tape;
        Shape s = in[0].shape;
        Tensor dst = tape.result(Shape.of(s.dim(0), s.dim(1), in[1].shape.last()), in[0].type, name);
        Tensor hn = tape.result(in[1].shape, in[0].type, name + " hn");
        run(tape, spec, recurrent, in, new Tensor[] {dst, hn}, op);
        Casts.release(in[0], src);
        return new RecurrentResult<>(dst, hn);
    }

    private static Casts.Lowered[] lowered(Tape tape, String name, DType type, Tensor weightsIh, Tensor weightsHh) {
        return new Casts.Lowered[] {
            Casts.weights(tape, name, weightsIh, type), Casts.weights(tape, name, weightsHh, type)
        };
    }

    /**
     * The weights of a recurrent layer as its kernels read them.
     *
     * @param first place of weightsIh among the inputs; weightsHh comes after it
     */
    record Recurrent(int first, Casts.Lowered[] lowered) {
        /** The operands that the inputs are. */
        void operands(Tensor[] in, List<MemorySegment> run) {
            for (int i = 0; i < in.length; i++) {
                boolean weights = i == first || i == first + 1;
                run.add(weights ? lowered[i - first].of(in[i]) : in[i].memory());
            }
        }
    }

    private static Pass pass(Tape tape, Tensor... in) {
        return tape.records(in) ? Pass.TRAINING : Pass.INFERENCE;
    }

    /** Runs the forward kernel, with a workspace where it is recorded. */
    private static void run(
            Tape tape,
            Spec spec,
            Recurrent recurrent,
            Tensor[] in,
            Tensor[] out,
            BiFunction<Plan, MemorySegment, Op> op) {
        Plan plan = tape.plan(MixedSpec.of(spec, in[0].type));
        boolean records = tape.records(in);
        List<MemorySegment> run = new ArrayList<>(10);
        recurrent.operands(in, run);
        for (Tensor output : out) {
            run.add(output.memory);
        }
        if (records) {
            run.add(tape.allocate(plan.workspaceBytes(), out[0].label + " workspace"));
        }
        tape.run(plan, run.toArray(MemorySegment[]::new));
        if (records) {
            tape.record(op.apply(plan, run.getLast()), in, out);
        }
    }

    private static Tensor bias(Tape tape, Tensor bias, int rows) {
        return bias == null ? tape.zeros(Shape.of(rows)) : bias;
    }

    private static Tensor state(String name, Tape tape, Tensor src, int h, Tensor given) {
        Shape shape = Shape.of(src.shape.dim(1), h);
        if (given == null) {
            return tape.zeros(shape);
        }
        if (!given.shape.equals(shape)) {
            throw new IllegalArgumentException(
                    name + ": initial state " + given.shape + " for src " + src.shape + " must be " + shape);
        }
        return given;
    }

    /**
     * The hidden units of a layer with so many gates.
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    private static int hidden(String name, int gates, Tensor src, RecurrentWeights weights) {
        Casts.requireFloating(name, src);
        Shape hh = weights.weightsHh.shape;
        int h = hh.rank() == 2 ? hh.dim(1) : 0;
        if (src.shape.rank() != 3
                || !weights.weightsIh.shape.equals(Shape.of(gates * h, src.shape.dim(2)))
                || !hh.equals(Shape.of(gates * h, h))
                || wrong(weights.biasIh, gates * h)
                || wrong(weights.biasHh, gates * h)) {
            throw new IllegalArgumentException(String.format(
                    "%s: src %s, weightsIh %s, weightsHh %s, biases %s and %s do not fit;"
                            + " for src [t x b x i] they are [%dh x i], [%dh x h] and [%dh]",
                    name,
                    src.shape,
                    weights.weightsIh.shape,
                    hh,
                    weights.biasIh == null ? "none" : weights.biasIh.shape,
                    weights.biasHh == null ? "none" : weights.biasHh.shape,
                    gates,
                    gates,
                    gates));
        }
        return h;
    }

    private static boolean wrong(Tensor bias, int rows) {
        return bias != null && !bias.shape.equals(Shape.of(rows));
    }

    /** Row {@code rows[k]} of the matrix src [n, f] as row k; the rows are the same in each repetition of the step. */
    static Tensor rows(Tensor src, int... rows) {
        return embedding(src, src.tape.constant(Shape.of(rows.length), rows));
    }

    /** The steps of src [t, ...] from the last to the first. */
    public static Tensor reverse(Tensor src) {
        Tape.of("reverse", src);
        int t = src.shape.dim(0);
        if (src.shape.elements() == 0) {
            return src;
        }
        int[] rows = IntStream.range(0, t).map(i -> t - 1 - i).toArray();
        return rows(src.reshape(t, -1), rows).reshape(src.shape.dims());
    }
}
