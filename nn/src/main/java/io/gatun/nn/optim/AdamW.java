package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.AdamSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** AdamW by PyTorch's rule (torch.optim.AdamW): weights shrink by rate · weightDecay beside the step, {@link AdamSpec}. */
public final class AdamW extends Optimizer {
    /**
     * What does not change from step to step.
     *
     * @param beta1 share of the old first moment that stays, in [0, 1)
     * @param beta2 share of the old second moment that stays, in [0, 1)
     * @param eps added to the root, so that no step divides by 0
     * @param weightDecay applied to parameters with more than one axis only, see {@link Optimizer#decay}
     * @param amsgrad divides by the root of the largest second moment so far
     */
    public record Options(float beta1, float beta2, float eps, float weightDecay, boolean amsgrad) implements Rule {
        /** PyTorch's: betas 0.9 and 0.999, eps 1e-8, weight decay 0.01. */
        public static final Options DEFAULT = new Options(0.9f, 0.999f, 1e-8f, 0.01f);

        /** Without AMSGrad. */
        public Options(float beta1, float beta2, float eps, float weightDecay) {
            this(beta1, beta2, eps, weightDecay, false);
        }

        public Options withWeightDecay(float newWeightDecay) {
            return new Options(beta1, beta2, eps, newWeightDecay, amsgrad);
        }

        /** With AMSGrad (Reddi et al. 2018). */
        public Options withAmsgrad() {
            return new Options(beta1, beta2, eps, weightDecay, true);
        }

        @Override
        public Spec spec(long count, long decayed, float clip) {
            return new AdamSpec(count, decayed, beta1, beta2, eps, weightDecay, true, amsgrad, clip);
        }

        @Override
        public List<String> states() {
            return Adam.states(amsgrad);
        }

        @Override
        public void hyper(MemorySegment hyper, float rate, float gradientScale, long step) {
            Adam.hyper(hyper, rate, gradientScale, step, beta1, beta2);
        }
    }

    /** An optimizer with zero moments; its memory comes from {@code memory}. */
    public AdamW(Kernels kernels, NativeMemory memory, Parameters parameters, Schedule schedule, Options options) {
        super("adamw", kernels, memory, parameters, schedule, options);
    }
}
