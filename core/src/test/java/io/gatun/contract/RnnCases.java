package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.spec.Activation;
import io.gatun.spec.Pass;
import io.gatun.spec.RnnSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Few: the way through time is that of the LSTM and the GRU, which have the long lists. */
final class RnnCases extends Family<RnnSpec> {
    RnnCases() {
        super(RnnSpec.class);
    }

    @Override
    List<RnnSpec> specs(SplittableRandom random) {
        List<RnnSpec> specs = new ArrayList<>();
        for (Pass pass : Pass.values()) {
            for (Activation act : new Activation[] {Activation.TANH, Activation.RELU}) {
                for (int t : new int[] {0, 1, 2, 100}) {
                    specs.add(new RnnSpec(pass, act, t, 2, 5, 7));
                }
                for (int size : new int[] {1, 16, 17, 33}) {
                    specs.add(new RnnSpec(pass, act, 3, 3, 5, size));
                    specs.add(new RnnSpec(pass, act, 3, 3, size, 6));
                }
                for (int size : new int[] {0, 1, 33}) {
                    specs.add(new RnnSpec(pass, act, 3, size, 4, 6));
                }
                // Rows in two parts, units in two blocks with a rest, steps in three chunks with a rest; then threads.
                specs.add(new RnnSpec(pass, act, 30, 40, 33, 50));
                specs.add(new RnnSpec(pass, act, 5, 35, 70, 130));
            }
        }
        for (int t : new int[] {0, 1, 17}) {
            specs.add(new RnnSpec(Pass.BACKWARD, Activation.TANH, t, 2, 5, 7).withConstantSrc());
        }
        specs.add(new RnnSpec(Pass.BACKWARD, Activation.RELU, 30, 40, 33, 50).withConstantSrc());
        return specs;
    }

    /**
     * ReLU's states have no bound of their own: the rows of its recurrent weights add up to less than 1, and biases keep
     * most sums positive, since a layer of zeros would prove nothing.
     */
    @Override
    Inputs inputs(RnnSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, 1, random);
        boolean relu = spec.activation().kind() == Activation.Kind.RELU;
        scale(in.get("weightsIh"), 1.5 / Math.sqrt(spec.i() * (relu ? 2 : 1)));
        scale(in.get("weightsHh"), relu ? 1.5 / spec.h() : 1.5 / Math.sqrt(spec.h()));
        double[] bias = in.get("biasIh");
        for (int i = 0; relu && i < bias.length; i++) {
            bias[i] = (float) (Math.abs(bias[i]) + 1);
        }
        return in;
    }

    private static void scale(double[] values, double factor) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * factor);
        }
    }

    @Override
    RnnSpec forwardOf(RnnSpec spec) {
        return spec.pass() == Pass.BACKWARD ? spec.with(Pass.TRAINING) : null;
    }

    @Override
    boolean takesSpecials(RnnSpec spec, String input) {
        return !input.equals("dst");
    }

    @Override
    Map<String, Expected> expected(RnnSpec spec, Inputs in) {
        return R64Rnn.expected(spec, in);
    }

    @Override
    Map<String, Expected> expected(RnnSpec spec, Inputs in, DType storage) {
        return R64Rnn.expected(spec, in, storage);
    }
}
