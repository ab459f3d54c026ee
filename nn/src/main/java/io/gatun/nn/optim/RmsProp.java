package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.RmsPropSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** RMSProp by PyTorch's rule (torch.optim.RMSprop), see {@link RmsPropSpec}. */
public final class RmsProp extends Optimizer {
    /**
     * What does not change from step to step.
     *
     * @param alpha what the mean square keeps of itself
     * @param eps so that no step divides by 0, see {@code epsInside}
     * @param momentum 0 for none
     * @param weightDecay of parameters with more than one axis only, see {@link Optimizer#decay}
     * @param centered divides by the deviation, not by the root of the mean square
     * @param epsInside adds eps under the root, as Keras does; PyTorch adds it to the root
     */
    public record Options(
            float alpha, float eps, float momentum, float weightDecay, boolean centered, boolean epsInside)
            implements Rule {
        /** PyTorch's: alpha 0.99, eps 1e-8 outside the root, no momentum, no decay, not centered. */
        public static final Options DEFAULT = new Options(0.99f, 1e-8f, 0, 0, false, false);

        /** Keras's: rho 0.9, eps 1e-7 inside the root. */
        public static final Options KERAS = new Options(0.9f, 1e-7f, 0, 0, false, true);

        public Options withMomentum(float newMomentum) {
            return new Options(alpha, eps, newMomentum, weightDecay, centered, epsInside);
        }

        public Options withWeightDecay(float newWeightDecay) {
            return new Options(alpha, eps, momentum, newWeightDecay, centered, epsInside);
        }

        /** With the mean of the gradients taken off (Graves 2013). */
        public Options withCentered() {
            return new Options(alpha, eps, momentum, weightDecay, true, epsInside);
        }

        @Override
        public Spec spec(long count, long decayed, float clip) {
            return new RmsPropSpec(count, decayed, alpha, eps, momentum, weightDecay, centered, epsInside, clip);
        }

        @Override
        public List<String> states() {
            List<String> states = new ArrayList<>(List.of("square"));
            if (centered) {
                states.add("mean");
            }
            if (momentum > 0) {
                states.add("momentum");
            }
            return states;
        }

        @Override
        public void hyper(MemorySegment hyper, float rate, float gradientScale, long step) {
            Optimizer.put(hyper, rate, gradientScale, 0, 0);
        }
    }

    /** An optimizer with zero means; its memory comes from {@code memory}. */
    public RmsProp(Kernels kernels, NativeMemory memory, Parameters parameters, Schedule schedule, Options options) {
        super("rmsprop", kernels, memory, parameters, schedule, options);
    }
}
