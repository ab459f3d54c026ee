package io.gatun.autograd;

import io.gatun.kernel.Shape;
import io.gatun.spec.LossSpec.Kind;
import io.gatun.spec.Reduction;

/** How far a distribution is from another, and likelihoods; under the names of {@code torch.nn.functional}. */
public final class Divergences {
    private Divergences() {}

    /**
     * The Kullback-Leibler divergence of probabilities t from the model's, given the logarithms x of these: t (ln t - x).
     *
     * @param reduction BATCH_MEAN divides the sum by the length of the first axis, which is the divergence by its
     *     definition; MEAN, by the number of elements, is not
     */
    public static Tensor klDiv(Tensor logProbabilities, Tensor target, Reduction reduction) {
        return klDiv(logProbabilities, target, reduction, false);
    }

    /** As {@link #klDiv(Tensor, Tensor, Reduction)}; with {@code logTarget} the target holds logarithms too. */
    public static Tensor klDiv(Tensor logProbabilities, Tensor target, Reduction reduction, boolean logTarget) {
        return new ElementLoss("klDiv", logTarget ? Kind.KL_DIV_LOG : Kind.KL_DIV)
                .of(logProbabilities, target, reduction);
    }

    /**
     * What a student learns from a teacher's logits (Hinton et al. 2015): T² KL(softmax(teacher / T) ‖ softmax(student / T))
     * a row, divided by the length of the first axis. T² keeps the gradients' size beside that of a plain cross-entropy. No
     * gradient goes to the teacher.
     *
     * @param temperature T, above 0; 1 to 10 is usual
     */
    public static Tensor distillation(Tensor studentLogits, Tensor teacherLogits, float temperature) {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("distillation: temperature " + temperature + " is not above 0");
        }
        ElementLoss.requireSame("distillation", studentLogits, teacherLogits);
        float cold = 1 / temperature;
        Tensor student = Activations.logSoftmax(Arithmetic.scale(studentLogits, cold));
        Tensor teacher = Activations.logSoftmax(Arithmetic.scale(Views.detach(teacherLogits), cold));
        return Arithmetic.scale(klDiv(student, teacher, Reduction.BATCH_MEAN, true), temperature * temperature);
    }

    /** Mean of e^x - t x: counts t of a Poisson distribution whose rate has the logarithm x. */
    public static Tensor poissonNll(Tensor prediction, Tensor target) {
        return poissonNll(prediction, target, true, 1e-8f, Reduction.MEAN);
    }

    /**
     * The negative log-likelihood of counts t, without ln t! (PyTorch's {@code full = False}), which no prediction changes.
     *
     * @param logInput whether predictions are logarithms of rates: e^x - t x; else x - t ln(x + eps)
     */
    public static Tensor poissonNll(
            Tensor prediction, Tensor target, boolean logInput, float eps, Reduction reduction) {
        ElementLoss loss = logInput
                ? new ElementLoss("poissonNll", Kind.POISSON_NLL)
                : new ElementLoss("poissonNll", Kind.POISSON_NLL_RATE, eps, 0);
        return loss.of(prediction, target, reduction);
    }

    /** Mean of {@link #gaussianNll(Tensor, Tensor, Tensor, boolean, float, Reduction)} with eps = 1e-6, not full. */
    public static Tensor gaussianNll(Tensor prediction, Tensor target, Tensor variance) {
        return gaussianNll(prediction, target, variance, false, 1e-6f, Reduction.MEAN);
    }

    /**
     * (ln v + (x - t)² / v) / 2 of targets t that are normally distributed around predictions x, with the variance v that a
     * net predicts too. Both get gradients.
     *
     * @param variance of the predictions' shape
     * @param full adds ln(2π) / 2
     * @param eps that smaller variances are taken for; their gradient is that at eps, as PyTorch's
     */
    public static Tensor gaussianNll(
            Tensor prediction, Tensor target, Tensor variance, boolean full, float eps, Reduction reduction) {
        ElementLoss.requireSame("gaussianNll", prediction, target);
        ElementLoss.requireSame("gaussianNll", prediction, variance);
        Tensor fixed = Views.detach(variance);
        // The value of the clamp exactly, and the gradient of the variance.
        Tensor bounded = Arithmetic.add(fixed.clamp(eps, Float.MAX_VALUE), Arithmetic.sub(variance, fixed));
        // In deviations before the square, which alone may be beyond the largest float.
        Tensor apart = Arithmetic.div(Arithmetic.sub(prediction, target), bounded.sqrt());
        Tensor twice = Arithmetic.add(bounded.log(), apart.square());
        Tensor losses = twice.scale(0.5f);
        return ElementLoss.reduce(
                full ? ElementLoss.plus(losses, (float) (0.5 * Math.log(2 * Math.PI))) : losses, reduction);
    }

    /**
     * The divergence of N(mean, e^logVariance) from the standard normal distribution, -(1 + ln σ² - μ² - σ²) / 2 summed over
     * all axes but the first, and the mean over that: the term that a variational autoencoder adds to its reconstruction.
     */
    public static Tensor gaussianKl(Tensor mean, Tensor logVariance) {
        ElementLoss.requireSame("gaussianKl", mean, logVariance);
        Tensor spread = Arithmetic.sub(logVariance.exp(), ElementLoss.plus(logVariance, 1));
        return ElementLoss.reduce(Arithmetic.add(mean.square(), spread).scale(0.5f), Reduction.BATCH_MEAN);
    }

    /**
     * Mean negative log-likelihood of targets under a mixture of k normal distributions that a net predicts for each row
     * (a mixture density network, Bishop 1994): -ln Σ_k softmax(logits)_k Π_d N(t_d; mean_kd, e^(2 logDeviation_kd)). It is
     * what a target with several right answers wants, where {@link Losses#mse} predicts their middle.
     *
     * @param logits of the components, [n, k]
     * @param means [n, k, d]
     * @param logDeviations ln σ, [n, k, d]
     * @param target [n, d], a constant
     */
    public static Tensor mixtureNll(Tensor logits, Tensor means, Tensor logDeviations, Tensor target) {
        ElementLoss.requireSame("mixtureNll", means, logDeviations);
        ElementLoss.requireConstant("mixtureNll", "target", target);
        if (means.shape.rank() != 3
                || !logits.shape.equals(Views.leading(means.shape, 1))
                || !target.shape.equals(Shape.of(means.shape.dim(0), means.shape.dim(2)))) {
            throw new IllegalArgumentException("mixtureNll: logits " + logits.shape + ", means " + means.shape
                    + " and target " + target.shape + " do not fit; give [n, k], [n, k, d] and [n, d]");
        }
        int n = means.shape.dim(0);
        int d = means.shape.dim(2);
        Tensor apart = Arithmetic.sub(Views.reshape(target, n, 1, d), means);
        Tensor scaled = Arithmetic.mul(apart, logDeviations.neg().exp());
        Tensor exponents = Arithmetic.add(scaled.square().scale(0.5f), logDeviations);
        Tensor densities =
                ElementLoss.plus(Arithmetic.sum(exponents, 2).neg(), (float) (-0.5 * d * Math.log(2 * Math.PI)));
        Tensor joint = Arithmetic.add(Activations.logSoftmax(logits), densities);
        // ln Σ e^x without overflow: the largest is taken out, and is a constant to the gradient, which it cancels
        // from.
        Tensor largest = Views.reshape(Extremes.max(Views.detach(joint), 1), n, 1);
        Tensor sums = Arithmetic.sum(Arithmetic.sub(joint, largest).exp(), 1).log();
        return Arithmetic.add(sums, Views.reshape(largest, n)).mean().neg();
    }
}
