package io.gatun.nn.optim;

import io.gatun.autograd.Parameters;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

/**
 * L-BFGS (Liu and Nocedal 1989) by the rules of torch.optim.LBFGS: the two-loop recursion over the last changes of
 * parameters and gradients, and a step along it of the given rate or by a line search for the strong Wolfe conditions. For
 * small nets on whole batches; without dropout, for every evaluation must be of the same function. It keeps 2 · history + 6
 * vectors of the parameters' size.
 *
 * <p>Frozen parameters stay. One thread at a time. Close it before the parameters.
 */
public final class Lbfgs implements AutoCloseable {
    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE;
    private static final int ITERATIONS = 0;
    private static final int USED = 1;
    private static final int STEP = 2;
    private static final int SCALE = 3;
    private static final int EVALUATIONS = 4;
    private static final int SCALARS = 5;

    private final Parameters parameters;
    private final Options options;
    private final ParameterScope scope;

    /** The changes of the gradient and of the parameters in the latest iterations, the oldest first. */
    private final MemorySegment[] gradientChanges;

    private final MemorySegment[] steps;
    private final MemorySegment direction;
    private final MemorySegment gradient;
    private final MemorySegment previous;
    private final MemorySegment x;
    private final MemorySegment scalars;
    private final MemorySegment[] room = new MemorySegment[2];

    /**
     * PyTorch's options, with its names in parentheses.
     *
     * @param rate of the step, or the first trial of the line search (lr)
     * @param maxIterations in one {@link #step} (max_iter)
     * @param maxEvaluations of the closure in one step (max_eval)
     * @param toleranceGradient the largest gradient that is none (tolerance_grad)
     * @param toleranceChange the largest change of parameters or loss that is none (tolerance_change)
     * @param history how many changes it keeps (history_size)
     * @param strongWolfe searches along the direction until both Wolfe conditions hold (line_search_fn), or goes by the rate
     */
    public record Options(
            double rate,
            int maxIterations,
            int maxEvaluations,
            double toleranceGradient,
            double toleranceChange,
            int history,
            boolean strongWolfe) {
        /** PyTorch's: rate 1, 20 iterations, 25 evaluations, tolerances 1e-7 and 1e-9, 100 changes, no line search. */
        public static final Options DEFAULT = new Options(1, 20, 25, 1e-7, 1e-9, 100, false);

        /** @throws IllegalArgumentException if a number is negative or a count not positive */
        public Options {
            if (!(rate > 0 && toleranceGradient >= 0 && toleranceChange >= 0)
                    || maxIterations < 1
                    || maxEvaluations < 1
                    || history < 1) {
                throw new IllegalArgumentException("lbfgs: rate=" + rate + " must be positive, tolerances "
                        + toleranceGradient + " and " + toleranceChange + " at least 0, maxIterations=" + maxIterations
                        + ", maxEvaluations=" + maxEvaluations + " and history=" + history + " at least 1");
            }
        }

        public Options withStrongWolfe() {
            return new Options(rate, maxIterations, maxEvaluations, toleranceGradient, toleranceChange, history, true);
        }

        public Options withHistory(int newHistory) {
            return new Options(
                    rate, maxIterations, maxEvaluations, toleranceGradient, toleranceChange, newHistory, strongWolfe);
        }

        public Options withRate(double newRate) {
            return new Options(
                    newRate, maxIterations, maxEvaluations, toleranceGradient, toleranceChange, history, strongWolfe);
        }
    }

    /** An optimizer that has seen nothing; its memory comes from {@code memory}. */
    public Lbfgs(NativeMemory memory, Parameters parameters, Options options) {
        parameters.requireHost("L-BFGS");
        this.parameters = parameters;
        this.options = options;
        this.scope = memory.parameters("lbfgs");
        this.gradientChanges = new MemorySegment[options.history];
        this.steps = new MemorySegment[options.history];
        try {
            for (int i = 0; i < options.history; i++) {
                gradientChanges[i] = vector("gradient change");
                steps[i] = vector("change");
            }
            direction = vector("direction");
            gradient = vector("gradient");
            previous = vector("previous gradient");
            x = vector("start");
            room[0] = vector("trial");
            room[1] = vector("trial");
            scalars = scope.allocate(SCALARS * Double.BYTES, "lbfgs scalars");
            scalars.fill((byte) 0);
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    private MemorySegment vector(String label) {
        return scope.allocate(4 * parameters.count(), "lbfgs " + label).fill((byte) 0);
    }

    /**
     * Some iterations, until one of the options' bounds is met.
     *
     * @param closure a forward and backward of the same batch, each time from a fresh step of the tape; gives the loss
     * @return the first loss
     */
    public double step(DoubleSupplier closure) {
        LossClosure loss = new LossClosure(parameters, closure);
        double first = loss.evaluate(gradient);
        double now = first;
        boolean done = Flat.largest(gradient) <= options.toleranceGradient;
        for (int n = 1; n <= options.maxIterations && !done; n++) {
            boolean begin = scalar(ITERATIONS) == 0;
            scalar(ITERATIONS, scalar(ITERATIONS) + 1);
            if (begin) {
                Flat.scale(-1, gradient, direction);
                scalar(SCALE, 1);
            } else {
                remember();
                direct();
            }
            loss.freeze(direction);
            previous.copyFrom(gradient);
            double before = now;
            double t = begin ? Math.min(1, 1 / Flat.sumOfMagnitudes(gradient)) * options.rate : options.rate;
            double slope = Flat.dot(gradient, direction);
            scalar(STEP, t);
            // NaN too: a direction that leads nowhere.
            if (!(slope <= -options.toleranceChange)) {
                break;
            }
            now = move(loss, t, slope, now, n == options.maxIterations);
            done = loss.evaluations() >= options.maxEvaluations
                    || Flat.largest(gradient) <= options.toleranceGradient
                    || Flat.largest(direction) * Math.abs(scalar(STEP)) <= options.toleranceChange
                    || Math.abs(now - before) < options.toleranceChange;
        }
        scalar(EVALUATIONS, scalar(EVALUATIONS) + loss.evaluations());
        parameters.zeroGradients();
        parameters.changed();
        return first;
    }

    /** Goes along the direction; the loss there, and its gradient in {@link #gradient}. */
    private double move(LossClosure loss, double t, double slope, double now, boolean last) {
        x.copyFrom(parameters.values());
        if (!options.strongWolfe) {
            Flat.add(x, t, direction, parameters.values());
            // PyTorch does not look at where its last iteration led.
            return last ? now : loss.evaluate(gradient);
        }
        StrongWolfe.Point start = new StrongWolfe.Point(gradient);
        start.loss = now;
        start.slope = slope;
        int most = options.maxEvaluations - loss.evaluations();
        StrongWolfe.Point found = new StrongWolfe(loss, x, direction, options.toleranceChange, most)
                .search(start, t, new StrongWolfe.Point(room[0]), new StrongWolfe.Point(room[1]));
        scalar(STEP, found.t);
        Flat.add(x, found.t, direction, parameters.values());
        if (found != start) {
            gradient.copyFrom(found.gradient);
        }
        return found.loss;
    }

    /** Keeps what the latest iteration changed, if the curvature along it is positive. */
    private void remember() {
        int used = (int) scalar(USED);
        boolean full = used == options.history;
        int place = full ? 0 : used;
        if (full) {
            room[0].copyFrom(gradientChanges[0]);
            room[1].copyFrom(steps[0]);
        }
        MemorySegment y = gradientChanges[place];
        MemorySegment s = steps[place];
        Flat.add(gradient, -1, previous, y);
        Flat.scale(scalar(STEP), direction, s);
        double curvature = Flat.dot(y, s);
        if (curvature > 1e-10) {
            scalar(SCALE, curvature / Flat.dot(y, y));
            scalar(USED, full ? used : used + 1);
            if (full) {
                System.arraycopy(gradientChanges, 1, gradientChanges, 0, used - 1);
                System.arraycopy(steps, 1, steps, 0, used - 1);
                gradientChanges[used - 1] = y;
                steps[used - 1] = s;
            }
        } else if (full) {
            y.copyFrom(room[0]);
            s.copyFrom(room[1]);
        }
    }

    /** The two-loop recursion: minus the inverse Hessian's approximation times the gradient. */
    private void direct() {
        int used = (int) scalar(USED);
        double[] alpha = new double[used];
        double[] rho = new double[used];
        Flat.scale(-1, gradient, direction);
        for (int i = used - 1; i >= 0; i--) {
            rho[i] = 1 / Flat.dot(gradientChanges[i], steps[i]);
            alpha[i] = Flat.dot(steps[i], direction) * rho[i];
            Flat.add(direction, -alpha[i], gradientChanges[i], direction);
        }
        Flat.scale(scalar(SCALE), direction, direction);
        for (int i = 0; i < used; i++) {
            double beta = Flat.dot(gradientChanges[i], direction) * rho[i];
            Flat.add(direction, alpha[i] - beta, steps[i], direction);
        }
    }

    private double scalar(int index) {
        return scalars.getAtIndex(F64, index);
    }

    private void scalar(int index, double value) {
        scalars.setAtIndex(F64, index, value);
    }

    /** Iterations over all steps. */
    public long iterations() {
        return (long) scalar(ITERATIONS);
    }

    /** How often the closure was evaluated. */
    public long evaluations() {
        return (long) scalar(EVALUATIONS);
    }

    /** The state, flat: views, valid until the next step. */
    public List<NamedTensor> save() {
        List<NamedTensor> tensors = new ArrayList<>();
        tensors.add(new NamedTensor("lbfgs.scalars", TensorType.F64, new long[] {SCALARS}, scalars));
        tensors.add(flat("direction", direction));
        tensors.add(flat("gradient", previous));
        for (int i = 0; i < options.history; i++) {
            tensors.add(flat("y." + i, gradientChanges[i]));
            tensors.add(flat("s." + i, steps[i]));
        }
        return tensors;
    }

    private NamedTensor flat(String name, MemorySegment values) {
        return new NamedTensor("lbfgs." + name, TensorType.F32, new long[] {parameters.count()}, values);
    }

    /**
     * Brings back what {@link #save} gave.
     *
     * @param find a tensor by name; throws when it has none
     * @throws IllegalArgumentException when a tensor is of another model or history
     */
    public void load(Function<String, NamedTensor> find) {
        save().forEach(own -> FlatStates.restore(own, find));
    }

    @Override
    public void close() {
        scope.close();
    }
}
