package io.gatun.nn.optim;

import java.lang.foreign.MemorySegment;

/**
 * A line search for the strong Wolfe conditions by cubic interpolation (Nocedal and Wright 2006, algorithms 3.5 and 3.6),
 * with the constants and safeguards of torch.optim.LBFGS: f(t) ≤ f(0) + 1e-4 t f'(0) and |f'(t)| ≤ 0.9 |f'(0)|.
 *
 * <p>A loss that is not finite counts as infinite: the step is then too long.
 */
final class StrongWolfe {
    private static final double C1 = 1e-4;
    private static final double C2 = 0.9;

    private final LossClosure closure;
    private final MemorySegment x;
    private final MemorySegment direction;
    private final double toleranceChange;
    private final int most;
    private int trials;

    /** A place on the line. */
    static final class Point {
        final MemorySegment gradient;
        double t;
        double loss;
        double slope;

        Point(MemorySegment gradient) {
            this.gradient = gradient;
        }
    }

    /** @param most trials behind the first one */
    StrongWolfe(LossClosure closure, MemorySegment x, MemorySegment direction, double toleranceChange, int most) {
        this.closure = closure;
        this.x = x;
        this.direction = direction;
        this.toleranceChange = toleranceChange;
        this.most = most;
    }

    /**
     * The best place found.
     *
     * @param start t = 0, with its loss, gradient and slope
     * @param t to be tried first
     * @param one and two: room for two more points
     */
    Point search(Point start, double t, Point one, Point two) {
        Point before = start;
        Point point = one;
        Point free = two;
        evaluate(point, t);
        while (trials < most) {
            if (tooHigh(point, start) || trials > 1 && point.loss >= before.loss) {
                return zoom(start, before, point, free);
            }
            if (flat(point, start)) {
                return point;
            }
            if (point.slope >= 0) {
                return zoom(start, before, point, free);
            }
            double next = interpolate(before, point, point.t + 0.01 * (point.t - before.t), point.t * 10);
            Point reused = before == start ? free : before;
            before = point;
            point = reused;
            evaluate(point, next);
            trials++;
        }
        return start.loss <= point.loss ? start : point;
    }

    private Point zoom(Point start, Point first, Point second, Point spare) {
        Point low = first.loss <= second.loss ? first : second;
        Point high = low == first ? second : first;
        Point trial = spare;
        double reach = Flat.largest(direction);
        boolean stuck = false;
        while (trials < most && Math.abs(high.t - low.t) * reach >= toleranceChange) {
            double left = Math.min(low.t, high.t);
            double right = Math.max(low.t, high.t);
            double t = interpolate(low, high, left, right);
            double margin = 0.1 * (right - left);
            // Near an end twice, or at one: go a tenth of the interval inwards.
            boolean near = Math.min(right - t, t - left) < margin;
            if (near && (stuck || t >= right || t <= left)) {
                t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
                near = false;
            }
            stuck = near;
            evaluate(trial, t);
            trials++;
            Point dropped;
            if (tooHigh(trial, start) || trial.loss >= low.loss) {
                dropped = high;
                high = trial;
                if (high.loss < low.loss) {
                    high = low;
                    low = trial;
                }
            } else {
                boolean done = flat(trial, start);
                if (!done && trial.slope * (high.t - low.t) >= 0) {
                    dropped = high;
                    high = low;
                } else {
                    dropped = low;
                }
                low = trial;
                if (done) {
                    return low;
                }
            }
            trial = dropped == start ? spareOf(start, low, high, first, second, spare) : dropped;
        }
        return low;
    }

    /** The start's gradient is not to be written: one of the other three points that is neither end. */
    private static Point spareOf(Point start, Point low, Point high, Point... all) {
        for (Point point : all) {
            if (point != start && point != low && point != high) {
                return point;
            }
        }
        throw new AssertionError("of four points two are ends and one is the start");
    }

    private void evaluate(Point point, double t) {
        point.t = t;
        point.loss = closure.evaluate(x, t, direction, point.gradient);
        point.slope = Flat.dot(point.gradient, direction);
        if (!Double.isFinite(point.loss)) {
            point.loss = Double.POSITIVE_INFINITY;
        }
    }

    private static boolean tooHigh(Point point, Point start) {
        return point.loss > start.loss + C1 * point.t * start.slope;
    }

    private static boolean flat(Point point, Point start) {
        return Math.abs(point.slope) <= -C2 * start.slope;
    }

    /** Where the cubic through both points with both slopes is lowest, within the bounds; their middle if nowhere. */
    private static double interpolate(Point a, Point b, double from, double to) {
        Point left = a.t <= b.t ? a : b;
        Point right = left == a ? b : a;
        double d1 = left.slope + right.slope - 3 * (left.loss - right.loss) / (left.t - right.t);
        double square = d1 * d1 - left.slope * right.slope;
        if (!(square >= 0) || Double.isInfinite(square)) {
            return (from + to) / 2;
        }
        double d2 = Math.sqrt(square);
        double t = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2));
        return Math.min(Math.max(t, from), to);
    }
}
