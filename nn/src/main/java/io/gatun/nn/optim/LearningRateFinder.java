package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Places;
import io.gatun.nn.io.NamedTensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * The learning-rate range test (Smith 2017): trains for some steps while the rate rises exponentially, and notes the loss.
 * Weights, running statistics and the optimizer's state are afterwards what they were; the place in the data is the
 * caller's.
 */
public final class LearningRateFinder {
    /** Of the smoothed loss, as the moving averages of Adam, without their bias. */
    private static final double SMOOTHING = 0.9;

    /** A loss so many times the lowest ends the test. */
    private static final double DIVERGED = 4;

    private LearningRateFinder() {}

    /** A rate, the loss of the batch that the step with it began from, and the losses so far smoothed. */
    public record Point(float rate, double loss, double smoothed) {}

    /** What was seen, by rising rate. */
    public record Result(List<Point> points) {
        public Result {
            points = List.copyOf(points);
        }

        /**
         * The rate where the smoothed loss falls steepest against the rate's logarithm, before its lowest point.
         *
         * @throws IllegalStateException if the loss never falls, or was not finite from the beginning
         */
        public float suggestion() {
            if (points.size() < 3) {
                throw new IllegalStateException("the loss is not finite at the first rates; begin with smaller ones");
            }
            int lowest = 0;
            for (int i = 1; i < points.size(); i++) {
                lowest = points.get(i).smoothed < points.get(lowest).smoothed ? i : lowest;
            }
            int best = -1;
            double steepest = 0;
            for (int i = 1; i < Math.min(lowest + 1, points.size() - 1); i++) {
                double slope = (points.get(i + 1).smoothed - points.get(i - 1).smoothed)
                        / Math.log((double) points.get(i + 1).rate / points.get(i - 1).rate);
                if (slope < steepest) {
                    steepest = slope;
                    best = i;
                }
            }
            if (best < 0) {
                throw new IllegalStateException("the loss falls at no rate from " + points.getFirst().rate + " to "
                        + points.getLast().rate + "; look at the points");
            }
            return points.get(best).rate;
        }
    }

    /**
     * Runs the test, to the last rate or until the loss is not finite or four times the lowest.
     *
     * @param memory for copies of what is restored
     * @param loss forward and backward of the next batch, without the optimizer's step; gives the loss
     * @param from the first rate
     * @param to the last one
     * @param steps at least 3
     */
    public static Result run(
            NativeMemory memory, Optimizer optimizer, DoubleSupplier loss, float from, float to, int steps) {
        if (!(from > 0 && to > from && Float.isFinite(to)) || steps < 3) {
            throw new IllegalArgumentException("a range test from " + from + " to " + to + " in " + steps
                    + " steps is not possible; rates rise from above 0, in 3 steps or more");
        }
        Parameters parameters = optimizer.parameters();
        try (ParameterScope scope = memory.onHost().parameters("rate finder")) {
            MemorySegment values = copy(scope, parameters.values());
            MemorySegment buffers = scope.allocate(parameters.buffers().byteSize(), "copy");
            parameters.copyBuffersTo(buffers);
            long done = optimizer.steps();
            Map<String, NamedTensor> state = new HashMap<>();
            for (NamedTensor tensor : optimizer.save()) {
                state.put(
                        tensor.name(),
                        new NamedTensor(tensor.name(), tensor.type(), tensor.shape(), copy(scope, tensor.data())));
            }
            try {
                return sweep(optimizer, loss, from, to, steps);
            } finally {
                optimizer.fixedRate(Float.NaN);
                Places.copy(values, parameters.values());
                parameters.copyBuffersFrom(buffers);
                parameters.changed();
                parameters.zeroGradients();
                optimizer.load(state::get, done);
            }
        }
    }

    private static Result sweep(Optimizer optimizer, DoubleSupplier loss, float from, float to, int steps) {
        List<Point> points = new ArrayList<>();
        double mean = 0;
        double lowest = Double.POSITIVE_INFINITY;
        for (int i = 0; i < steps; i++) {
            float rate = (float) (from * StrictMath.pow((double) to / from, (double) i / (steps - 1)));
            double now = loss.getAsDouble();
            mean = SMOOTHING * mean + (1 - SMOOTHING) * now;
            double smoothed = mean / (1 - StrictMath.pow(SMOOTHING, i + 1));
            if (!Double.isFinite(smoothed) || lowest > 0 && smoothed > DIVERGED * lowest) {
                break;
            }
            lowest = Math.min(lowest, smoothed);
            points.add(new Point(rate, now, smoothed));
            optimizer.fixedRate(rate);
            optimizer.step();
        }
        return new Result(points);
    }

    private static MemorySegment copy(ParameterScope scope, MemorySegment of) {
        MemorySegment copy = scope.allocate(of.byteSize(), "copy");
        Places.copy(of, copy);
        return copy;
    }
}
