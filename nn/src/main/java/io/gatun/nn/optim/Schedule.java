package io.gatun.nn.optim;

import java.util.List;
import java.util.function.LongToDoubleFunction;
import java.util.stream.LongStream;

/**
 * The learning rate of each optimizer step, a function of the step's number alone: so a resumed run needs no more state
 * than that number. An optimizer is handed one; it is none itself. Schedules print themselves, are immutable and safe for
 * concurrent use. Steps are the optimizer's; {@link #every} makes them epochs.
 *
 * <p>The rules are those of torch.optim.lr_scheduler, where {@code step} is how often the scheduler has stepped.
 */
@FunctionalInterface
public interface Schedule {
    /**
     * The rate of one step.
     *
     * @param step 0 for the first
     */
    float learningRate(long step);

    /** The same rate at every step. */
    static Schedule constant(float rate) {
        return new DecaySchedules.Constant(rate);
    }

    /** {@code rate}, multiplied by {@code factor} after each {@code every} steps (StepLR). */
    static Schedule steps(float rate, long every, float factor) {
        return new DecaySchedules.Steps(rate, every, factor);
    }

    /** {@code rate}, multiplied by {@code factor} at each of the milestones, which rise (MultiStepLR). */
    static Schedule multiStep(float rate, float factor, long... milestones) {
        return new DecaySchedules.MultiStep(
                rate, factor, LongStream.of(milestones).boxed().toList());
    }

    /** {@code rate · factor^step} (ExponentialLR). */
    static Schedule exponential(float rate, float factor) {
        return new DecaySchedules.Exponential(rate, factor);
    }

    /**
     * From {@code rate · startFactor} in a line to {@code rate · endFactor} at step {@code total}, then that (LinearLR).
     */
    static Schedule linear(float rate, float startFactor, float endFactor, long total) {
        return new DecaySchedules.Linear(rate, startFactor, endFactor, total);
    }

    /** {@code rate · (1 − step / total)^power}, 0 from step {@code total} on (PolynomialLR). */
    static Schedule polynomial(float rate, long total, float power) {
        return new DecaySchedules.Polynomial(rate, total, power);
    }

    /**
     * Rises in a line from {@code rate / warmUp} at step 0 to {@code rate} at step {@code warmUp - 1}, then falls along
     * half a cosine (Loshchilov and Hutter 2017) to 0 at step {@code total}, and stays there.
     */
    static Schedule cosine(float rate, long warmUp, long total) {
        return new CosineSchedules.WarmUpCosine(rate, warmUp, total);
    }

    /**
     * Between {@code rate} and {@code minimum} along a cosine that is at the minimum at step {@code half} and, as
     * PyTorch's, back at the rate at twice that (CosineAnnealingLR).
     */
    static Schedule cosineAnnealing(float rate, float minimum, long half) {
        return new CosineSchedules.Annealing(rate, minimum, half);
    }

    /**
     * Falls along half a cosine to {@code minimum} in {@code first} steps, begins again at {@code rate}, and takes
     * {@code growth} times as long each time (CosineAnnealingWarmRestarts, SGDR).
     */
    static Schedule cosineWarmRestarts(float rate, float minimum, long first, int growth) {
        return new CosineSchedules.WarmRestarts(rate, minimum, first, growth);
    }

    /** How the peaks of a cyclical schedule change. */
    enum CycleMode {
        /** They stay. */
        TRIANGULAR,
        /** Half as high above the base in each cycle as in the one before. */
        TRIANGULAR2,
        /** Times gamma^step. */
        EXP_RANGE
    }

    /**
     * Up in a line from {@code base} to {@code peak} in {@code up} steps and down again in {@code down} (Smith 2017,
     * CyclicLR).
     *
     * @param gamma of {@link CycleMode#EXP_RANGE}; 1 for the others
     */
    static Schedule cyclic(float base, float peak, long up, long down, CycleMode mode, float gamma) {
        return new CyclicSchedules.Cyclic(base, peak, up, down, mode, gamma);
    }

    /** {@link #oneCycle(float, long, OneCycleOptions)} with PyTorch's options. */
    static Schedule oneCycle(float peak, long total) {
        return oneCycle(peak, total, OneCycleOptions.DEFAULT);
    }

    /** Up to {@code peak} and down to almost nothing at step {@code total − 1}, then that (OneCycleLR). */
    static Schedule oneCycle(float peak, long total, OneCycleOptions options) {
        return new CyclicSchedules.OneCycle(peak, total, options);
    }

    /**
     * The shape of a one-cycle schedule.
     *
     * @param upShare of the steps, in which the rate rises
     * @param divide the first rate is peak / divide
     * @param finalDivide the last rate is the first / finalDivide
     * @param linear in lines; otherwise along cosines
     * @param threePhase down as it came up, then on to the end; otherwise from the peak to the end in one
     */
    record OneCycleOptions(float upShare, float divide, float finalDivide, boolean linear, boolean threePhase) {
        /** PyTorch's: 0.3, 25, 1e4, cosines, two phases. */
        public static final OneCycleOptions DEFAULT = new OneCycleOptions(0.3f, 25, 1e4f, false, false);

        /** @throws IllegalArgumentException if the share is not within 0 and 1 or a divisor not positive */
        public OneCycleOptions {
            if (!(upShare >= 0 && upShare <= 1 && divide > 0 && finalDivide > 0)) {
                throw new IllegalArgumentException("one-cycle schedule: upShare=" + upShare
                        + " must be within 0 and 1, divide=" + divide + " and finalDivide=" + finalDivide
                        + " positive");
            }
        }
    }

    /**
     * Rises in a line to the first rate of {@code then} in {@code steps} steps, from a {@code steps}th part of it at step
     * 0; {@code then} begins with its step 0 behind that (Goyal et al. 2017).
     */
    static Schedule warmUp(long steps, Schedule then) {
        return new ComposedSchedules.WarmUp(steps, then);
    }

    /**
     * One schedule after the other, each with its own step 0 at its milestone (SequentialLR).
     *
     * @param milestones where the second, third, … begins; they rise
     */
    static Schedule sequential(List<Schedule> schedules, List<Long> milestones) {
        return new ComposedSchedules.Sequential(List.copyOf(schedules), List.copyOf(milestones));
    }

    /** The product of a schedule and of factors, which are schedules too (ChainedScheduler). */
    static Schedule chained(Schedule schedule, Schedule... factors) {
        return new ComposedSchedules.Chained(schedule, List.of(factors));
    }

    /**
     * {@code rate · factor(step)} (LambdaLR).
     *
     * @param name what it prints, by which a checkpoint knows it again
     */
    static Schedule lambda(float rate, String name, LongToDoubleFunction factor) {
        return new ComposedSchedules.Lambda(rate, name, factor);
    }

    /** {@code then} with its step held for {@code steps} of the optimizer's: with steps per epoch, a schedule of epochs. */
    static Schedule every(long steps, Schedule then) {
        return new ComposedSchedules.Every(steps, then);
    }

    /**
     * The linear scaling rule (Goyal et al. 2017): what a rate found for one batch size becomes for another,
     * {@code rate · batch / baseBatch}. With large batches, warm up.
     */
    static float scaled(float rate, int baseBatch, int batch) {
        if (baseBatch < 1 || batch < 1) {
            throw new IllegalArgumentException("a batch of " + Math.min(baseBatch, batch) + " has no learning rate");
        }
        return (float) ((double) rate * batch / baseBatch);
    }
}
