package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.AdamSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Adam by PyTorch's rule (torch.optim.Adam): weight decay is added to the gradient. See {@link AdamSpec}. */
public final class Adam extends Optimizer {
    /**
     * What does not change from step to step.
     *
     * @param beta1 share of the old first moment that stays, in [0, 1)
     * @param beta2 share of the old second moment that stays, in [0, 1)
     * @param eps added to the root, so that no step divides by 0
     * @param weightDecay of parameters with more than one axis only, see {@link Optimizer#decay}; {@link AdamW} is
     *     usually what is wanted
     * @param amsgrad divides by the root of the largest second moment so far
     */
    public record Options(float beta1, float beta2, float eps, float weightDecay, boolean amsgrad) implements Rule {
        /** PyTorch's: betas 0.9 and 0.999, eps 1e-8, no decay. */
        public static final Options DEFAULT = new Options(0.9f, 0.999f, 1e-8f, 0, false);

        public Options withWeightDecay(float newWeightDecay) {
            return new Options(beta1, beta2, eps, newWeightDecay, amsgrad);
        }

        /** With AMSGrad (Reddi et al. 2018). */
        public Options withAmsgrad() {
            return new Options(beta1, beta2, eps, weightDecay, true);
        }

        @Override
        public Spec spec(long count, long decayed, float clip) {
            return new AdamSpec(count, decayed, beta1, beta2, eps, weightDecay, false, amsgrad, clip);
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
    public Adam(Kernels kernels, NativeMemory memory, Parameters parameters, Schedule schedule, Options options) {
        super("adam", kernels, memory, parameters, schedule, options);
    }

    static List<String> states(boolean amsgrad) {
        return amsgrad ? List.of("m", "v", "vMax") : List.of("m", "v");
    }

    /** The bias corrections, in double: the moments begin at zero and are too small by 1 − β^t after t steps. */
    static void hyper(MemorySegment hyper, float rate, float gradientScale, long step, float beta1, float beta2) {
        double c1 = 1 - Optimizer.power(beta1, step + 1);
        double c2 = 1 - Optimizer.power(beta2, step + 1);
        Optimizer.put(hyper, rate, gradientScale, (float) (rate / c1), (float) (1 / Math.sqrt(c2)));
    }
}
