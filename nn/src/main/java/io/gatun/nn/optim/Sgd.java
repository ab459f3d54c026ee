package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.SgdSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Stochastic gradient descent by PyTorch's rule (torch.optim.SGD), see {@link SgdSpec}. */
public final class Sgd extends Optimizer {
    /**
     * What does not change from step to step.
     *
     * @param momentum 0 for none
     * @param dampening of the momentum: the buffer takes (1 − dampening) of each gradient but the first, which it takes
     *     whole
     * @param nesterov steps by the gradient and the momentum ahead of it; wants a momentum and no dampening
     * @param weightDecay added to the gradient as weightDecay · w, so half the factor of a penalty λ Σ w²; of parameters
     *     with more than one axis only, see {@link Optimizer#decay}
     */
    public record Options(float momentum, float dampening, boolean nesterov, float weightDecay) implements Rule {
        /** Without momentum and decay. */
        public static final Options PLAIN = new Options(0, 0, false, 0);

        /** Momentum without dampening and decay. */
        public static Options momentum(float momentum) {
            return new Options(momentum, 0, false, 0);
        }

        /** Nesterov's momentum with weight decay. */
        public static Options nesterov(float momentum, float weightDecay) {
            return new Options(momentum, 0, true, weightDecay);
        }

        public Options withWeightDecay(float newWeightDecay) {
            return new Options(momentum, dampening, nesterov, newWeightDecay);
        }

        @Override
        public Spec spec(long count, long decayed, float clip) {
            return new SgdSpec(count, decayed, momentum, dampening, nesterov, weightDecay, clip);
        }

        @Override
        public List<String> states() {
            return momentum > 0 ? List.of("momentum") : List.of();
        }

        @Override
        public void hyper(MemorySegment hyper, float rate, float gradientScale, long step) {
            Optimizer.put(hyper, rate, gradientScale, step == 0 ? 1 : 0, 0);
        }
    }

    /** An optimizer with a zero momentum buffer; its memory comes from {@code memory}. */
    public Sgd(Kernels kernels, NativeMemory memory, Parameters parameters, Schedule schedule, Options options) {
        super("sgd", kernels, memory, parameters, schedule, options);
    }
}
