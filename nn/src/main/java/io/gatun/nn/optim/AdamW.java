package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.AdamWSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;

/** AdamW by PyTorch's rule, see {@link AdamWSpec}; the bias corrections are computed here in double. */
public final class AdamW extends Optimizer {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;

    private final Plan plan;
    private final Options options;
    private final MemorySegment[] operands;
    private final Map<String, MemorySegment> states = new LinkedHashMap<>();

    /**
     * What does not change from step to step.
     *
     * @param weightDecay applied to parameters with more than one axis only
     */
    public record Options(float beta1, float beta2, float eps, float weightDecay) {
        /** PyTorch's: betas 0.9 and 0.999, eps 1e-8, weight decay 0.01. */
        public static final Options DEFAULT = new Options(0.9f, 0.999f, 1e-8f, 0.01f);

        public Options withWeightDecay(float newWeightDecay) {
            return new Options(beta1, beta2, eps, newWeightDecay);
        }
    }

    /** An optimizer with zero moments; its memory comes from {@code memory}. */
    public AdamW(Kernels kernels, NativeMemory memory, Parameters parameters, Schedule schedule, Options options) {
        super("adamw", kernels, memory, parameters, schedule);
        this.options = options;
        plan = kernels.plan(new AdamWSpec(
                parameters.count(),
                parameters.decayed(),
                options.beta1,
                options.beta2,
                options.eps,
                options.weightDecay));
        states.put("m", state("m"));
        states.put("v", state("v"));
        operands = new MemorySegment[] {parameters.values(), null, states.get("m"), states.get("v"), null};
    }

    @Override
    void update(MemorySegment gradients, MemorySegment hyper, float rate, float gradientScale, long step) {
        double c1 = 1 - StrictMath.pow(options.beta1, step + 1.0);
        double c2 = 1 - StrictMath.pow(options.beta2, step + 1.0);
        hyper.setAtIndex(F32, 0, rate);
        hyper.setAtIndex(F32, 1, gradientScale);
        hyper.setAtIndex(F32, 2, (float) (rate / c1));
        hyper.setAtIndex(F32, 3, (float) (1 / Math.sqrt(c2)));
        operands[1] = gradients;
        operands[4] = hyper;
        plan.run(operands);
    }

    @Override
    Map<String, MemorySegment> states() {
        return states;
    }
}
