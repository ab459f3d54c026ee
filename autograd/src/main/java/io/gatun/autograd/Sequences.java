package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Plan;
import io.gatun.kernel.Shape;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Operations on sequences, time outermost: embedding, LSTM and GRU. */
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
        tape.run(spec, indices.data(), table.data(), dst.memory);
        return tape.record(new Op.Embedding(spec), dst, table, indices);
    }

    /**
     * Weights of one LSTM layer: weightsIh [4h, i], weightsHh [4h, h], biasIh and biasHh [4h], which are added, gates in
     * the order i, f, g, o.
     *
     * @param biasHh or null
     */
    public record LstmWeights(Tensor weightsIh, Tensor weightsHh, Tensor biasIh, Tensor biasHh) {}

    /** Hidden and cell state, [b, h] each. */
    public record LstmState(Tensor h, Tensor c) {
        /** The same values without their history, to cut backward through time. */
        public LstmState detach() {
            return new LstmState(h.detach(), c.detach());
        }
    }

    /** All hidden states [t, b, h] and the last state. */
    public record LstmResult(Tensor output, LstmState last) {}

    /**
     * One LSTM layer over a whole sequence src [t, b, i].
     *
     * @param initial the state before the first step, or null for zeros
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static LstmResult lstm(Tensor src, LstmWeights weights, LstmState initial) {
        Tape tape = Tape.of("lstm", src);
        Shape s = src.shape;
        int h = hidden("lstm", 4, src, weights.weightsIh, weights.weightsHh, weights.biasIh, weights.biasHh);
        Tensor bias = weights.biasHh == null
                ? weights.biasIh
                : Arithmetic.binary(tape, BinarySpec.Op.ADD, weights.biasIh, weights.biasHh);
        Shape state = Shape.of(s.dim(1), h);
        LstmState first = initial == null ? new LstmState(tape.zeros(state), tape.zeros(state)) : initial;
        if (!first.h.shape.equals(state) || !first.c.shape.equals(state)) {
            throw new IllegalArgumentException("lstm: initial state " + first.h.shape + " and " + first.c.shape
                    + " for src " + s + " must both be " + state);
        }
        Tensor[] in = {src, first.h, first.c, weights.weightsIh, weights.weightsHh, bias};
        boolean records = tape.records(in);
        LstmSpec spec = new LstmSpec(records ? Pass.TRAINING : Pass.INFERENCE, s.dim(0), s.dim(1), s.dim(2), h);
        Plan plan = tape.plan(spec);
        Tensor dst = tape.result(Shape.of(s.dim(0), s.dim(1), h), "lstm");
        Tensor hn = tape.result(state, "lstm hn");
        Tensor cn = tape.result(state, "lstm cn");
        MemorySegment[] run = new MemorySegment[records ? 10 : 9];
        for (int i = 0; i < in.length; i++) {
            run[i] = in[i].data();
        }
        run[6] = dst.memory;
        run[7] = hn.memory;
        run[8] = cn.memory;
        if (records) {
            run[9] = tape.allocate(plan.workspaceBytes(), "lstm workspace");
        }
        tape.run(plan, run);
        if (records) {
            tape.record(new Op.Lstm(spec, plan, run[9]), in, dst, hn, cn);
        }
        return new LstmResult(dst, new LstmState(hn, cn));
    }

    /**
     * Weights of one GRU layer: weightsIh [3h, i], weightsHh [3h, h], biasIh and biasHh [3h], gates in the order r, z, n.
     * They cannot be added beforehand: the reset gate scales biasHh of n with the product it belongs to.
     *
     * @param biasHh or null
     */
    public record GruWeights(Tensor weightsIh, Tensor weightsHh, Tensor biasIh, Tensor biasHh) {}

    /** All hidden states [t, b, h] and the last one [b, h]. */
    public record GruResult(Tensor output, Tensor last) {}

    /**
     * One GRU layer over a whole sequence src [t, b, i], as PyTorch defines it ({@link GruSpec}).
     *
     * @param initial the state before the first step, [b, h], or null for zeros
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static GruResult gru(Tensor src, GruWeights weights, Tensor initial) {
        Tape tape = Tape.of("gru", src);
        Shape s = src.shape;
        int h = hidden("gru", 3, src, weights.weightsIh, weights.weightsHh, weights.biasIh, weights.biasHh);
        Tensor biasHh = weights.biasHh == null ? tape.zeros(weights.biasIh.shape) : weights.biasHh;
        Shape state = Shape.of(s.dim(1), h);
        Tensor first = initial == null ? tape.zeros(state) : initial;
        if (!first.shape.equals(state)) {
            throw new IllegalArgumentException(
                    "gru: initial state " + first.shape + " for src " + s + " must be " + state);
        }
        Tensor[] in = {src, first, weights.weightsIh, weights.weightsHh, weights.biasIh, biasHh};
        boolean records = tape.records(in);
        GruSpec spec = new GruSpec(records ? Pass.TRAINING : Pass.INFERENCE, s.dim(0), s.dim(1), s.dim(2), h);
        Plan plan = tape.plan(spec);
        Tensor dst = tape.result(Shape.of(s.dim(0), s.dim(1), h), "gru");
        Tensor hn = tape.result(state, "gru hn");
        MemorySegment[] run = new MemorySegment[records ? 9 : 8];
        for (int i = 0; i < in.length; i++) {
            run[i] = in[i].data();
        }
        run[6] = dst.memory;
        run[7] = hn.memory;
        if (records) {
            run[8] = tape.allocate(plan.workspaceBytes(), "gru workspace");
        }
        tape.run(plan, run);
        if (records) {
            tape.record(new Op.Gru(spec, plan, run[8]), in, dst, hn);
        }
        return new GruResult(dst, hn);
    }

    /**
     * The hidden units of a layer with so many gates; biasHh may be null.
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    private static int hidden(
            String name, int gates, Tensor src, Tensor weightsIh, Tensor weightsHh, Tensor biasIh, Tensor biasHh) {
        Views.require(name, src, DType.F32);
        int h = weightsHh.shape.rank() == 2 ? weightsHh.shape.dim(1) : 0;
        if (src.shape.rank() != 3
                || !weightsIh.shape.equals(Shape.of(gates * h, src.shape.dim(2)))
                || !weightsHh.shape.equals(Shape.of(gates * h, h))
                || biasIh.shape.elements() != (long) gates * h
                || (biasHh != null && !biasHh.shape.equals(biasIh.shape))) {
            throw new IllegalArgumentException(String.format(
                    "%s: src %s, weightsIh %s, weightsHh %s, biasIh %s do not fit;"
                            + " for src [t x b x i] they are [%dh x i], [%dh x h] and [%dh]",
                    name, src.shape, weightsIh.shape, weightsHh.shape, biasIh.shape, gates, gates, gates));
        }
        return h;
    }
}
