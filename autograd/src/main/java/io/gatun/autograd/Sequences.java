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
import io.gatun.spec.Pass;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
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
        Views.require("embedding", table, DType.F32);
        Views.require("embedding", indices, DType.I32);
        if (table.shape.rank() != 2) {
            throw new IllegalArgumentException(
                    "embedding: table " + table.shape + " must be [vocabulary x width] for indices " + indices.shape);
        }
        EmbeddingSpec spec =
                new EmbeddingSpec(Direction.FORWARD, table.shape.dim(0), table.shape.dim(1), indices.shape.elements());
        int[] dims = Arrays.copyOf(indices.shape.dims(), indices.shape.rank() + 1);
        dims[dims.length - 1] = spec.dim();
        Tensor dst = tape.result(Shape.of(dims), "embedding");
        tape.run(spec, indices.memory(), table.memory(), dst.memory);
        return tape.record(new Op.Embedding(spec), dst, table, indices);
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
        Tensor[] in = {src, h0, c0, weights.weightsIh, weights.weightsHh, bias};
        LstmSpec spec = new LstmSpec(pass(tape, in), s.dim(0), s.dim(1), s.dim(2), h);
        Tensor[] out = {
            tape.result(Shape.of(s.dim(0), s.dim(1), h), "lstm"),
            tape.result(h0.shape, "lstm hn"),
            tape.result(h0.shape, "lstm cn")
        };
        run(tape, spec, in, out, (plan, workspace) -> new Op.Lstm(spec, plan, workspace));
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
        GruSpec spec = new GruSpec(pass(tape, in), s.dim(0), s.dim(1), s.dim(2), in[1].shape.last());
        return oneState("gru", spec, in, (plan, workspace) -> new Op.Gru(spec, plan, workspace));
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
        RnnSpec spec = new RnnSpec(pass(tape, in), activation, s.dim(0), s.dim(1), s.dim(2), in[1].shape.last());
        return oneState("rnn", spec, in, (plan, workspace) -> new Op.Rnn(spec, plan, workspace));
    }

    /** The inputs of a layer with one state. */
    private static Tensor[] oneState(String name, int gates, Tensor src, RecurrentWeights weights, Tensor initial) {
        Tape tape = Tape.of(name, src);
        int h = hidden(name, gates, src, weights);
        return new Tensor[] {
            src,
            state(name, tape, src, h, initial),
            weights.weightsIh,
            weights.weightsHh,
            bias(tape, weights.biasIh, gates * h),
            bias(tape, weights.biasHh, gates * h)
        };
    }

    private static RecurrentResult<Tensor> oneState(
            String name, Spec spec, Tensor[] in, BiFunction<Plan, MemorySegment, Op> op) {
        Tape tape = in[0].tape;
        Shape s = in[0].shape;
        Tensor dst = tape.result(Shape.of(s.dim(0), s.dim(1), in[1].shape.last()), name);
        Tensor hn = tape.result(in[1].shape, name + " hn");
        run(tape, spec, in, new Tensor[] {dst, hn}, op);
        return new RecurrentResult<>(dst, hn);
    }

    private static Pass pass(Tape tape, Tensor... in) {
        return tape.records(in) ? Pass.TRAINING : Pass.INFERENCE;
    }

    /** Runs the forward kernel, with a workspace where it is recorded. */
    private static void run(Tape tape, Spec spec, Tensor[] in, Tensor[] out, BiFunction<Plan, MemorySegment, Op> op) {
        Plan plan = tape.plan(spec);
        boolean records = tape.records(in);
        MemorySegment[] run = new MemorySegment[in.length + out.length + (records ? 1 : 0)];
        for (int i = 0; i < in.length; i++) {
            run[i] = in[i].memory();
        }
        for (int i = 0; i < out.length; i++) {
            run[in.length + i] = out[i].memory;
        }
        if (records) {
            run[run.length - 1] = tape.allocate(plan.workspaceBytes(), out[0].label + " workspace");
        }
        tape.run(plan, run);
        if (records) {
            tape.record(op.apply(plan, run[run.length - 1]), in, out);
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
        Views.require(name, src, DType.F32);
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
