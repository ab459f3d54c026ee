package io.gatun.nn.data.sample;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Field;
import io.gatun.nn.data.table.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;

/**
 * Windows over a time series, without copying it: window i shows steps [s, s + length) with s = from + i·stride, and asks
 * for the {@code horizon} steps that follow. Windows lie wholly within [from, to), targets included, so windows of
 * {@link #parts} share no step of the series, and nothing leaks from a test period into training. As a data set a window
 * has the fields {@code inputs} f32 [T, F] and, where H is not 0, {@code targets} f32 [H, F]. Immutable and thread-safe.
 *
 * @param series steps by features, the oldest first
 * @param from first step that may be used
 * @param to first step that may not
 * @param length T, steps of a window, at least 1
 * @param horizon H, steps to predict, at least 0 (0 where the window itself is the target)
 * @param stride steps from one window to the next, at least 1
 */
public record SlidingWindows(Matrix series, int from, int to, int length, int horizon, int stride) implements Dataset {

    /** @throws IllegalArgumentException when a size is below its least, or [from, to) is not within the series */
    public SlidingWindows {
        Objects.requireNonNull(series, "series");
        if (length < 1 || horizon < 0 || stride < 1) {
            throw new IllegalArgumentException("windows of length " + length + ", horizon " + horizon + ", stride "
                    + stride + ": at least 1, 0 and 1 are needed");
        }
        if (from < 0 || to < from || to > series.rows()) {
            throw new IllegalArgumentException("steps [" + from + ", " + to + ") are not in the series " + series);
        }
    }

    /** Over a whole series. */
    public SlidingWindows(Matrix series, int length, int horizon, int stride) {
        this(series, 0, series.rows(), length, horizon, stride);
    }

    /** The three periods of a split in order. */
    public record Parts(SlidingWindows train, SlidingWindows validation, SlidingWindows test) {}

    /** Cuts the series in time first, then into windows; see {@link Split#inOrder}. */
    public Parts parts(double validation, double test) {
        Split split = Split.inOrder(to - from, validation, test);
        int first = from + split.train().length;
        int second = first + split.validation().length;
        return new Parts(over(from, first), over(first, second), over(second, to));
    }

    /** The same windows over other steps of the series. */
    public SlidingWindows over(int start, int end) {
        return new SlidingWindows(series, start, end, length, horizon, stride);
    }

    @Override
    public List<Field> fields() {
        Field inputs = new Field("inputs", DType.F32, Shape.of(length, series.columns()));
        return horizon == 0
                ? List.of(inputs)
                : List.of(inputs, new Field("targets", DType.F32, Shape.of(horizon, series.columns())));
    }

    @Override
    public Reader reader() {
        return (sample, _, targets, place) -> {
            input(sample, targets[0], 4L * place * length * series.columns());
            if (horizon > 0) {
                target(sample, targets[1], 4L * place * horizon * series.columns());
            }
        };
    }

    /** N, the number of windows: floor((steps - length - horizon) / stride) + 1, or 0 if there are too few steps. */
    @Override
    public int size() {
        long room = (long) to - from - length - horizon;
        return room < 0 ? 0 : (int) (room / stride) + 1;
    }

    /** Writes window {@code i}, float32 [T, F], at a byte of {@code dst}. */
    public void input(int i, MemorySegment dst, long at) {
        copy(start(i), length, dst, at);
    }

    /** Writes what follows window {@code i}, float32 [H, F], at a byte of {@code dst}. */
    public void target(int i, MemorySegment dst, long at) {
        copy(start(i) + length, horizon, dst, at);
    }

    /** All windows, float32 [N, T, F]. */
    public float[] inputs() {
        float[] all = new float[Math.multiplyExact(Math.multiplyExact(size(), length), series.columns())];
        for (int i = 0; i < size(); i++) {
            input(i, MemorySegment.ofArray(all), 4L * i * length * series.columns());
        }
        return all;
    }

    /** All targets, float32 [N, H, F]. */
    public float[] targets() {
        float[] all = new float[Math.multiplyExact(Math.multiplyExact(size(), horizon), series.columns())];
        for (int i = 0; i < size(); i++) {
            target(i, MemorySegment.ofArray(all), 4L * i * horizon * series.columns());
        }
        return all;
    }

    /** The step of the series at which window {@code i} begins. */
    public int start(int i) {
        return from + Objects.checkIndex(i, size()) * stride;
    }

    /** In memory of any kind: a loader's buffer, or an array. */
    private void copy(int step, int steps, MemorySegment dst, long at) {
        int features = series.columns();
        MemorySegment.copy(
                series.values(), step * features, dst, ValueLayout.JAVA_FLOAT_UNALIGNED, at, steps * features);
    }
}
