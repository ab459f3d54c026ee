package io.gatun.nn.optim;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.io.NamedTensor;
import io.gatun.random.Philox;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

/**
 * AdaHessian (Yao et al. 2021): Adam with the diagonal of the Hessian in place of the gradient in the second moment. The
 * diagonal is Hutchinson's estimate D = z ∘ Hz with z of ±1 at random, of filters averaged over their window:
 * m = β1 m + (1 − β1) g; v = β2 v + (1 − β2) D²; w −= rate · (m / c1 / ((sqrt(v / c2))^power + eps) + weightDecay · w).
 *
 * <p>Hz is a {@link HessianVector central difference}, so a step evaluates the closure three times with one sample. The
 * closure must give the same loss at the same weights: the same number of the tape's step for each, so that dropout draws
 * the same masks. Batch norms' running statistics move three times.
 *
 * <p>One thread at a time. Close it before the parameters.
 */
public final class AdaHessian implements AutoCloseable {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;

    private final Parameters parameters;
    private final Schedule schedule;
    private final Options options;
    private final ParameterScope scope;
    private final HessianVector hessian;
    private final FlatStates states;
    private final MemorySegment gradient;
    private final MemorySegment z;
    private final MemorySegment product;
    private final MemorySegment diagonal;
    private long steps;

    /**
     * What does not change from step to step.
     *
     * @param beta1 share of the old mean gradient that stays, in [0, 1)
     * @param beta2 share of the old mean square of the diagonal that stays, in [0, 1)
     * @param eps added to the divisor, so that no step divides by 0
     * @param weightDecay of parameters with more than one axis only
     * @param power 1 divides by the whole of the diagonal, 0 by nothing
     * @param averageWindows of convolution filters [out, kh, kw, in] the mean of |D| over kh and kw
     * @param samples of z in a step
     * @param seed of z
     */
    public record Options(
            float beta1,
            float beta2,
            float eps,
            float weightDecay,
            float power,
            boolean averageWindows,
            int samples,
            long seed) {
        /** The authors': betas 0.9 and 0.999, eps 1e-4, no decay, power 1, windows averaged, one sample. */
        public static final Options DEFAULT = new Options(0.9f, 0.999f, 1e-4f, 0, 1, true, 1, 0);

        /** @throws IllegalArgumentException if a number is out of range */
        public Options {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps >= 0 && weightDecay >= 0)
                    || !(power >= 0 && power <= 1)
                    || samples < 1) {
                throw new IllegalArgumentException("adahessian: beta1=" + beta1 + ", beta2=" + beta2 + " and power="
                        + power + " must be within 0 and 1, eps=" + eps + " and weightDecay=" + weightDecay
                        + " at least 0, samples=" + samples + " at least 1");
            }
        }
    }

    /** An optimizer with zero moments; the authors' rate is 0.15. */
    public AdaHessian(NativeMemory memory, Parameters parameters, Schedule schedule, Options options) {
        parameters.requireHost("AdaHessian");
        this.parameters = parameters;
        this.schedule = schedule;
        this.options = options;
        this.hessian = new HessianVector(memory, parameters);
        this.scope = memory.parameters("adahessian");
        this.states = new FlatStates("adahessian", parameters, scope);
        try {
            long bytes = 4 * parameters.count();
            gradient = scope.allocate(bytes, "gradient");
            z = scope.allocate(bytes, "z");
            product = scope.allocate(bytes, "product");
            diagonal = scope.allocate(bytes, "diagonal");
            states.get("m");
            states.get("v");
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * One step; the gradients are zero afterwards.
     *
     * @param closure a forward and backward of the same batch, each time from a fresh step of the tape; gives the loss
     * @return the loss before the step
     */
    public double step(DoubleSupplier closure) {
        LossClosure loss = new LossClosure(parameters, closure);
        double before = loss.evaluate(gradient);
        diagonal.fill((byte) 0);
        for (int sample = 0; sample < options.samples; sample++) {
            draw(sample);
            hessian.product(loss, z, product);
            for (long i = 0; i < parameters.count(); i++) {
                float d = z.getAtIndex(F32, i) * product.getAtIndex(F32, i) / options.samples;
                diagonal.setAtIndex(F32, i, diagonal.getAtIndex(F32, i) + d);
            }
        }
        float rate = schedule.learningRate(steps);
        for (Parameter parameter : parameters.trainable()) {
            if (parameter.requiresGrad()) {
                average(parameter);
                update(parameter, rate);
            }
        }
        steps++;
        parameters.stepped();
        return before;
    }

    /** ±1 by Philox, a function of the seed, the step, the sample and the place. */
    private void draw(int sample) {
        for (long i = 0; i < parameters.count(); i++) {
            int bits = Philox.number(options.seed, (int) steps, sample, i / 128, (int) (i / 32 % 4));
            z.setAtIndex(F32, i, (bits >>> i % 32 & 1) == 0 ? -1 : 1);
        }
    }

    private void average(Parameter filters) {
        if (!options.averageWindows || filters.shape().rank() != 4) {
            return;
        }
        MemorySegment d = slice(diagonal, filters);
        int in = filters.shape().dim(3);
        int window = filters.shape().dim(1) * filters.shape().dim(2);
        for (long o = 0; o < filters.shape().dim(0); o++) {
            for (int i = 0; i < in; i++) {
                double sum = 0;
                for (int k = 0; k < window; k++) {
                    sum += Math.abs(d.getAtIndex(F32, (o * window + k) * in + i));
                }
                for (int k = 0; k < window; k++) {
                    d.setAtIndex(F32, (o * window + k) * in + i, (float) (sum / window));
                }
            }
        }
    }

    private MemorySegment slice(MemorySegment flat, Parameter parameter) {
        return flat.asSlice(
                4 * parameters.offset(parameter), 4 * parameter.shape().elements());
    }

    private void update(Parameter parameter, float rate) {
        double c1 = 1 - Optimizer.power(options.beta1, steps + 1);
        double c2 = 1 - Optimizer.power(options.beta2, steps + 1);
        double decay = parameter.shape().rank() > 1 ? options.weightDecay : 0;
        MemorySegment w = parameter.memory();
        MemorySegment g = slice(gradient, parameter);
        MemorySegment d = slice(diagonal, parameter);
        MemorySegment first = states.get("m", parameter);
        MemorySegment second = states.get("v", parameter);
        for (long i = 0; i < parameter.shape().elements(); i++) {
            double m = options.beta1 * first.getAtIndex(F32, i) + (1 - options.beta1) * g.getAtIndex(F32, i);
            double curvature = d.getAtIndex(F32, i);
            double v = options.beta2 * second.getAtIndex(F32, i) + (1 - options.beta2) * curvature * curvature;
            first.setAtIndex(F32, i, (float) m);
            second.setAtIndex(F32, i, (float) v);
            double root = Math.sqrt(v / c2);
            double denominator = (options.power == 1 ? root : StrictMath.pow(root, options.power)) + options.eps;
            double value = w.getAtIndex(F32, i);
            w.setAtIndex(F32, i, (float) (value - rate * (m / c1 / denominator + decay * value)));
        }
    }

    /** Steps done. */
    public long steps() {
        return steps;
    }

    /** The moments of each parameter, named {@code adahessian.STATE.PARAMETER}: views, valid until the next step. */
    public List<NamedTensor> save() {
        return states.save();
    }

    /**
     * Brings back what {@link #save} gave.
     *
     * @param find a tensor by name; throws when it has none
     * @param stepsDone {@link #steps()} at that time
     */
    public void load(Function<String, NamedTensor> find, long stepsDone) {
        states.load(find);
        steps = stepsDone;
    }

    @Override
    public void close() {
        scope.close();
        hessian.close();
    }
}
