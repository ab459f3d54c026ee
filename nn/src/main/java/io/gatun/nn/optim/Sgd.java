package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.SgdSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/** Stochastic gradient descent by PyTorch's rule, see {@link SgdSpec}. */
public final class Sgd extends Optimizer {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;

    private final Plan plan;
    private final MemorySegment momentumBuffer;

    /**
     * What does not change from step to step.
     *
     * @param momentum 0 for none
     * @param weightDecay applied to parameters with more than one axis only
     */
    public record Options(float momentum, float dampening, boolean nesterov, float weightDecay) {
        /** Without momentum and decay. */
        public static final Options PLAIN = new Options(0, 0, false, 0);

        /** Nesterov's momentum with weight decay. */
        public static Options nesterov(float momentum, float weightDecay) {
            return new Options(momentum, 0, true, weightDecay);
        }
    }

    /** An optimizer with a zero momentum buffer; its memory comes from {@code memory}. */
    public Sgd(Kernels kernels, NativeMemory memory, Parameters parameters, Schedule schedule, Options options) {
        super("sgd", kernels, memory, parameters, schedule);
        plan = kernels.plan(new SgdSpec(
                parameters.count(),
                parameters.decayed(),
                options.momentum,
                options.dampening,
                options.nesterov,
                options.weightDecay));
        momentumBuffer = options.momentum > 0 ? state("momentum") : null;
    }

    @Override
    void update(MemorySegment gradients, MemorySegment hyper, float rate, float gradientScale, long step) {
        hyper.setAtIndex(F32, 0, rate);
        hyper.setAtIndex(F32, 1, gradientScale);
        hyper.setAtIndex(F32, 2, step == 0 ? 1 : 0);
        hyper.setAtIndex(F32, 3, 0);
        Parameters p = parameters();
        if (momentumBuffer == null) {
            plan.run(p.values(), gradients, hyper);
        } else {
            plan.run(p.values(), gradients, momentumBuffer, hyper);
        }
    }

    @Override
    Map<String, MemorySegment> states() {
        return momentumBuffer == null ? Map.of() : Map.of("momentum", momentumBuffer);
    }
}
