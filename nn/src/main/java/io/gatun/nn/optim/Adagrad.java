package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.AdagradSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** AdaGrad by PyTorch's rule (torch.optim.Adagrad), see {@link AdagradSpec}. */
public final class Adagrad extends Optimizer {
    /**
     * What does not change from step to step.
     *
     * @param lrDecay step t, from 0, has the schedule's rate / (1 + t · lrDecay)
     * @param weightDecay of parameters with more than one axis only, see {@link Optimizer#decay}
     * @param initialAccumulator the sum of squares before the first step
     * @param eps added to the root, so that no step divides by 0
     */
    public record Options(float lrDecay, float weightDecay, float initialAccumulator, float eps) implements Rule {
        /** PyTorch's: no decay of either kind, sums from 0, eps 1e-10. */
        public static final Options DEFAULT = new Options(0, 0, 0, 1e-10f);

        /** @throws IllegalArgumentException if a number is negative */
        public Options {
            if (!(lrDecay >= 0 && initialAccumulator >= 0)) {
                throw new IllegalArgumentException("adagrad: lrDecay=" + lrDecay + " and initialAccumulator="
                        + initialAccumulator + " must be at least 0");
            }
        }

        @Override
        public Spec spec(long count, long decayed, float clip) {
            return new AdagradSpec(count, decayed, eps, weightDecay, clip);
        }

        @Override
        public List<String> states() {
            return List.of("sum");
        }

        @Override
        public float initial(String state) {
            return initialAccumulator;
        }

        @Override
        public void hyper(MemorySegment hyper, float rate, float gradientScale, long step) {
            Optimizer.put(hyper, (float) (rate / (1 + step * (double) lrDecay)), gradientScale, 0, 0);
        }
    }

    /** An optimizer with its initial sums; its memory comes from {@code memory}. */
    public Adagrad(Kernels kernels, NativeMemory memory, Parameters parameters, Schedule schedule, Options options) {
        super("adagrad", kernels, memory, parameters, schedule, options);
    }
}
