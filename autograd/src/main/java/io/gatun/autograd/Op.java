package io.gatun.autograd;

import io.gatun.kernel.Plan;
import io.gatun.spec.Activation;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.CastSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.CopySpec;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.PReluSpec;
import io.gatun.spec.PermuteSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.WhereSpec;
import java.lang.foreign.MemorySegment;

/**
 * One kind of recorded operation with what its gradient rule keeps beyond inputs and outputs. The rules themselves are
 * in {@link Gradients}; a new kind is a record here and a case there.
 */
sealed interface Op {
    /** The operation's name, for errors. */
    String name();

    /** Whether the rule reads input {@code index}. */
    default boolean readsInput(int index) {
        return false;
    }

    /** Whether the rule reads the outputs. */
    default boolean readsOutput() {
        return false;
    }

    /** Memory that the rule alone reads, free once it has run; null if there is none. */
    default MemorySegment workspace() {
        return null;
    }

    /** The same numbers in another type; input src. */
    record Cast(CastSpec spec) implements Op {
        @Override
        public String name() {
            return "cast";
        }
    }

    /** A matrix product; inputs a, b. */
    record MatMul(Products products) implements Op {
        @Override
        public String name() {
            return "matmul";
        }

        @Override
        public boolean readsInput(int index) {
            return true;
        }
    }

    /** Inputs src, weights, [bias]; {@code lowered} are the weights in the product's type. */
    record Linear(int rows, int in, int out, Activation activation, Casts.Lowered lowered) implements Op {
        @Override
        public String name() {
            return "linear";
        }

        @Override
        public boolean readsInput(int index) {
            return index < 2;
        }

        @Override
        public boolean readsOutput() {
            return activation.kind() != Activation.Kind.IDENTITY;
        }

        @Override
        public MemorySegment workspace() {
            return lowered.own();
        }
    }

    /** As {@link Linear}. */
    record Conv(ConvSpec spec, Casts.Lowered lowered) implements Op {
        @Override
        public String name() {
            return "conv2d";
        }

        @Override
        public boolean readsInput(int index) {
            return index < 2;
        }

        @Override
        public boolean readsOutput() {
            return spec.activation().kind() != Activation.Kind.IDENTITY;
        }

        @Override
        public MemorySegment workspace() {
            return lowered.own();
        }
    }

    /** Inputs src, weights; {@code spec} is the forward convolution whose backward data this is. */
    record ConvTranspose(ConvSpec spec, Casts.Lowered lowered) implements Op {
        @Override
        public MemorySegment workspace() {
            return lowered.own();
        }

        @Override
        public String name() {
            return "convTranspose";
        }

        @Override
        public boolean readsInput(int index) {
            return true;
        }
    }

    /** Input src; {@code indices} is null for averages. */
    record Pool(PoolSpec spec, MemorySegment indices) implements Op {
        @Override
        public String name() {
            return spec.op() == PoolSpec.Op.MAX ? "maxPool" : "avgPool";
        }

        @Override
        public MemorySegment workspace() {
            return indices;
        }
    }

    /** Input src; {@code indices} is null for averages. */
    record AdaptivePool(AdaptivePoolSpec spec, MemorySegment indices) implements Op {
        @Override
        public String name() {
            return "adaptivePool";
        }

        @Override
        public MemorySegment workspace() {
            return indices;
        }
    }

    /**
     * Inputs src, gamma, beta, [residual].
     *
     * @param mean of the batch in training, the running one in inference
     */
    record BatchNorm(BatchNormSpec spec, MemorySegment mean, MemorySegment invStd) implements Op {
        @Override
        public String name() {
            return "batchNorm";
        }

        @Override
        public boolean readsInput(int index) {
            return index < 2;
        }

        @Override
        public boolean readsOutput() {
            return spec.relu();
        }
    }

    /** Inputs src, [gamma], [beta]; one mean and inverse deviation for each group. */
    record GroupNorm(GroupNormSpec spec, MemorySegment mean, MemorySegment invStd) implements Op {
        @Override
        public String name() {
            return spec.rows() ? "layerNorm" : "groupNorm";
        }

        @Override
        public boolean readsInput(int index) {
            return index < 2;
        }
    }

    /** Input src. */
    record Activate(Activation activation) implements Op {
        @Override
        public String name() {
            return activation.toString();
        }

        @Override
        public boolean readsInput(int index) {
            return !activation.kind().usesOutput();
        }

        @Override
        public boolean readsOutput() {
            return activation.kind().usesOutput();
        }
    }

    /** Inputs src, slope. */
    record PRelu(PReluSpec spec) implements Op {
        @Override
        public String name() {
            return "prelu";
        }

        @Override
        public boolean readsInput(int index) {
            return true;
        }
    }

    /** Inputs a, b. */
    record Binary(BinarySpec spec) implements Op {
        @Override
        public String name() {
            return spec.op().name().toLowerCase(java.util.Locale.ROOT);
        }

        @Override
        public boolean readsInput(int index) {
            return switch (spec.op()) {
                case ADD, SUB -> false;
                case MUL, MAX, MIN, SHARE -> true;
                case DIV -> index == 1;
            };
        }

        @Override
        public boolean readsOutput() {
            return spec.op() == BinarySpec.Op.DIV;
        }
    }

    /** Inputs mask, a, b. */
    record Where(WhereSpec spec) implements Op {
        @Override
        public String name() {
            return "where";
        }

        @Override
        public boolean readsInput(int index) {
            return index == 0;
        }
    }

    /** Input src. */
    record Power(float exponent) implements Op {
        @Override
        public String name() {
            return "pow";
        }

        @Override
        public boolean readsInput(int index) {
            return true;
        }
    }

    /** Input x. */
    record Scale(float factor) implements Op {
        @Override
        public String name() {
            return "scale";
        }
    }

    /** Input src. */
    record Reduce(ReduceSpec spec) implements Op {
        @Override
        public String name() {
            return "reduce";
        }

        @Override
        public boolean readsInput(int index) {
            return spec.op() == ReduceSpec.Op.SUM_SQUARES;
        }
    }

    /** Input src. */
    record Permute(PermuteSpec spec) implements Op {
        @Override
        public String name() {
            return "permute";
        }
    }

    /** Input src, whose memory the output is. */
    record View() implements Op {
        @Override
        public String name() {
            return "reshape";
        }
    }

    /** Input src, of which a block that begins {@code offset} bytes in is dst. */
    record Cut(String name, CopySpec spec, long offset) implements Op {}

    /** Inputs that each are a block of dst. */
    record Join(String name, CopySpec[] specs, long[] offsets) implements Op {}

    /** Input src, repeated along the axes that {@code uses} sums over. */
    record Expand(ReduceSpec uses) implements Op {
        @Override
        public String name() {
            return "expand";
        }
    }

    /** Inputs table, indices. */
    record Embedding(EmbeddingSpec spec) implements Op {
        @Override
        public String name() {
            return "embedding";
        }

        @Override
        public boolean readsInput(int index) {
            return index == 1;
        }
    }

    /** Input src. */
    record Dropout(DropoutSpec spec, MemorySegment rng) implements Op {
        @Override
        public String name() {
            return "dropout";
        }
    }

    /** Inputs src, h0, weightsIh, weightsHh, biasIh, biasHh; outputs dst, hn; the rule alone reads the workspace. */
    record Gru(GruSpec spec, Plan forward, Sequences.Recurrent weights, MemorySegment workspace) implements Op {
        @Override
        public String name() {
            return "gru";
        }

        @Override
        public boolean readsInput(int index) {
            return true;
        }

        @Override
        public boolean readsOutput() {
            return true;
        }
    }

    /** As {@link Gru}. */
    record Rnn(RnnSpec spec, Plan forward, Sequences.Recurrent weights, MemorySegment workspace) implements Op {
        @Override
        public String name() {
            return "rnn";
        }

        @Override
        public boolean readsInput(int index) {
            return true;
        }

        @Override
        public boolean readsOutput() {
            return true;
        }
    }

    /** Inputs src, h0, c0, weightsIh, weightsHh, bias; outputs dst, hn, cn; the rule alone reads the workspace. */
    record Lstm(LstmSpec spec, Plan forward, Sequences.Recurrent weights, MemorySegment workspace) implements Op {
        @Override
        public String name() {
            return "lstm";
        }

        @Override
        public boolean readsInput(int index) {
            return true;
        }

        @Override
        public boolean readsOutput() {
            return true;
        }
    }

    /** Input src. */
    record Softmax(SoftmaxSpec spec) implements Op {
        @Override
        public String name() {
            return spec.op() == SoftmaxSpec.Op.SOFTMAX ? "softmax" : "logSoftmax";
        }

        @Override
        public boolean readsOutput() {
            return true;
        }
    }

    /**
     * Inputs prediction and, where its gradient is the other's with its sign changed, target; the kernel wrote the
     * prediction's for an upstream gradient of 1. The loss is one number, one a row or one an element: what
     * {@code spread} says of d(loss) beside the gradient.
     */
    record Loss(String name, MemorySegment diff, BinarySpec spread) implements Op {}
}
