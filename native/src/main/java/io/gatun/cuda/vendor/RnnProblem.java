package io.gatun.cuda.vendor;

import io.gatun.bindings.cudnn.Cudnn;
import io.gatun.kernel.Operand;
import io.gatun.spec.Activation;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;

/**
 * A recurrent layer in cuDNN's words. Its gates come in the order of our specs: i, f, g, o of an LSTM, r, z, n of a GRU.
 *
 * @param name for implementations: {@code lstm}
 * @param cell a {@code cudnnRNNMode_t}
 * @param gates rows of weights for each hidden unit
 * @param twoBiases one for the inputs and one for the state; else one for the inputs
 */
record RnnProblem(
        Spec spec,
        String name,
        int cell,
        int gates,
        boolean twoBiases,
        Pass pass,
        int t,
        int b,
        int i,
        int h,
        boolean constantSrc) {

    static RnnProblem of(LstmSpec spec) {
        return new RnnProblem(
                spec,
                "lstm",
                Cudnn.CUDNN_LSTM(),
                4,
                false,
                spec.pass(),
                spec.t(),
                spec.b(),
                spec.i(),
                spec.h(),
                spec.constantSrc());
    }

    static RnnProblem of(GruSpec spec) {
        return new RnnProblem(
                spec,
                "gru",
                Cudnn.CUDNN_GRU(),
                3,
                true,
                spec.pass(),
                spec.t(),
                spec.b(),
                spec.i(),
                spec.h(),
                spec.constantSrc());
    }

    static RnnProblem of(RnnSpec spec) {
        boolean relu = spec.activation().equals(Activation.RELU);
        return new RnnProblem(
                spec,
                "rnn",
                relu ? Cudnn.CUDNN_RNN_RELU() : Cudnn.CUDNN_RNN_TANH(),
                1,
                true,
                spec.pass(),
                spec.t(),
                spec.b(),
                spec.i(),
                spec.h(),
                spec.constantSrc());
    }

    /** The number of the operand of this name, or -1: a GRU has no cells. */
    int operand(String operand) {
        return spec.operands().stream().map(Operand::name).toList().indexOf(operand);
    }
}
