package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.Pass;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Batch norm forward (+ residual) (+ ReLU) over rows x c, vectors of channels. Training reads src twice and writes dst
 * once, 12 B an element and 4 for the residual; inference 8 and 4.
 *
 * <p>Statistics: of each chunk of rows the mean of the first 64, then sums and squares of the distances of all to it; chunks are put together in double (Chan, Golub and LeVeque 1983). So neither a mean of 1e4 with a deviation of
 * 0.01 nor the number of threads or lanes changes a bit of the variance. The mean is subtracted in two parts.
 */
final class SimdBatchNorm implements Kernel {
    /** Channels whose moments a thread puts together at a time. */
    private static final int CHANNELS = 256;

    /**
     * Rows whose mean is their chunk's pivot. A chunk has 1,024 at most: if these lie far from the others, 1 in 16 does, and
     * the cancellation that a pivot off the mean causes costs at most 4 bits of 24.
     */
    private static final int PIVOT = 64;

    private final BatchNormSpec spec;
    private final BatchNormRows cut;
    private final boolean training;
    private final boolean residual;
    private final Workers workers;
    private final Task statistics = this::statistics;
    private final Task pivots = new LoopTask(MethodHandles.lookup(), this, "pivots");
    private final Task distances = new LoopTask(MethodHandles.lookup(), this, "distances");
    private final Task channels = this::channels;
    private final Task normalize;
    // Places in the frame.
    private final int gamma;
    private final int dst;
    private final int scratch;

    private SimdBatchNorm(BatchNormSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.cut = BatchNormRows.of(spec.rows(), spec.c());
        this.training = spec.pass() == Pass.TRAINING;
        this.residual = spec.residual();
        this.gamma = residual ? 2 : 1;
        this.dst = gamma + 4;
        this.scratch = dst + (training ? 3 : 1);
        boolean columns = cut.c() % Lanes.COUNT == 0 && cut.c() <= 4 * Lanes.COUNT;
        this.normalize = new LoopTask(MethodHandles.lookup(), this, columns ? "columns" : "rows");
    }

    static Offer offer(BatchNormSpec spec, Workers workers) {
        return Offer.of(
                spec.pass() == Pass.BACKWARD
                        ? new SimdBatchNormBackward(spec, workers)
                        : new SimdBatchNorm(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:batchnorm";
    }

    /** A row each of mean (high and low part) and scale; for each chunk its pivot and two sums; two rows of doubles. */
    @Override
    public long scratchBytes() {
        return (3L + (training ? 3L * cut.chunks() + 4 : 0)) * spec.c() * 4;
    }

    @Override
    public void execute(long[] frame) {
        if (training) {
            workers.run(cut.chunks(), statistics, frame);
        }
        workers.run((spec.c() + CHANNELS - 1) / CHANNELS, channels, frame);
        workers.run(cut.chunks(), normalize, frame);
    }

    private void channels(long[] frame, int piece, int worker) {
        int from = piece * CHANNELS;
        int to = Math.min(spec.c(), from + CHANNELS);
        if (training) {
            moments(frame[scratch] + 12L * spec.c(), from, to);
        }
        for (int k = from; k < to; k++) {
            channel(frame, k);
        }
    }

    private void statistics(long[] frame, int chunk, int worker) {
        pivots.run(frame, chunk, worker);
        distances.run(frame, chunk, worker);
    }

    private long pivot(long[] frame, int chunk) {
        return frame[scratch] + (3 + 3L * chunk) * spec.c() * 4;
    }

    /** The mean of the chunk's first rows. */
    private void pivots(long[] frame, int chunk, int worker) {
        int rows = Math.min(PIVOT, cut.length(chunk));
        long pivot = pivot(frame, chunk);
        ColumnSums.sum(false, frame[0] + cut.offset(chunk), rows, spec.c(), pivot);
        for (int k = 0; k < spec.c(); k++) {
            Raw.f32(pivot, k, Raw.f32(pivot, k) / rows);
        }
    }

    private void distances(long[] frame, int chunk, int worker) {
        int c = spec.c();
        long pivot = pivot(frame, chunk);
        // At 64 channels a row is too short for a loop of its own: 200,704 rows took 1.3 times as long.
        BatchNormSums.distances(
                c > 64 && cut.across(),
                frame[0] + cut.offset(chunk),
                cut.length(chunk),
                c,
                pivot,
                pivot + c * 4L,
                pivot + c * 8L);
    }

    /** Mean and scale of channel {@code k} to scratch; in training also to mean, invStd and the running ones. */
    private void channel(long[] frame, int k) {
        int c = spec.c();
        long runningMean = frame[gamma + 2];
        long runningVar = frame[gamma + 3];
        double mean = Raw.f32(runningMean, k);
        double variance = Raw.f32(runningVar, k);
        if (training) {
            long doubles = frame[scratch] + 12L * c * (1 + cut.chunks());
            mean = Raw.f64(doubles, k);
            double squares = Math.max(0, Raw.f64(doubles, c + k));
            double old = variance;
            variance = squares / spec.rows();
            double momentum = spec.momentum();
            Raw.f32(runningMean, k, (float) ((1 - momentum) * Raw.f32(runningMean, k) + momentum * mean));
            Raw.f32(runningVar, k, (float) ((1 - momentum) * old + momentum * (squares / (spec.rows() - 1))));
        }
        double invStd = 1 / Math.sqrt(variance + spec.eps());
        if (training) {
            Raw.f32(frame[dst + 1], k, (float) mean);
            Raw.f32(frame[dst + 2], k, (float) invStd);
        }
        Raw.f32(frame[scratch], k, (float) mean);
        Raw.f32(frame[scratch], c + k, (float) (mean - (float) mean));
        Raw.f32(frame[scratch], 2L * c + k, (float) (Raw.f32(frame[gamma], k) * invStd));
    }

    /**
     * Means, and sums of (x - mean)^2 = ((x - pivot) + (pivot - mean))^2, a chunk after the other for all channels: a channel
     * after the other, each chunk of it is a cache miss.
     */
    private void moments(long chunks, int from, int to) {
        long c = spec.c();
        long means = chunks + 12L * c * cut.chunks();
        long squares = means + 8 * c;
        for (int k = from; k < to; k++) {
            Raw.f64(means, k, 0);
            Raw.f64(squares, k, 0);
        }
        for (int chunk = 0; chunk < cut.chunks(); chunk++) {
            long at = chunks + 12L * c * chunk;
            double rows = cut.length(chunk);
            for (int k = from; k < to; k++) {
                Raw.f64(means, k, Raw.f64(means, k) + (rows * Raw.f32(at, k) + Raw.f32(at, c + k)));
            }
        }
        for (int k = from; k < to; k++) {
            Raw.f64(means, k, Raw.f64(means, k) / spec.rows());
        }
        for (int chunk = 0; chunk < cut.chunks(); chunk++) {
            long at = chunks + 12L * c * chunk;
            double rows = cut.length(chunk);
            for (int k = from; k < to; k++) {
                double shift = Raw.f32(at, k) - Raw.f64(means, k);
                double square = Raw.f32(at, 2 * c + k) + shift * (2 * Raw.f32(at, c + k) + rows * shift);
                Raw.f64(squares, k, Raw.f64(squares, k) + square);
            }
        }
    }

    // From the last chunk to the first: the last are what the statistics have left in the caches.

    private void columns(long[] frame, int piece, int worker) {
        int chunk = cut.chunks() - 1 - piece;
        for (int k = 0; k < spec.c(); k += Lanes.COUNT) {
            column(frame, cut.offset(chunk) + k * 4L, k * 4L, cut.length(chunk));
        }
    }

    private void rows(long[] frame, int piece, int worker) {
        int chunk = cut.chunks() - 1 - piece;
        int rows = cut.length(chunk);
        for (int r = 0; r < rows; r++) {
            row(frame, cut.offset(chunk) + (long) r * spec.c() * 4);
        }
    }

    /** One vector of channels, whose parameters stay in registers, down all rows. */
    private void column(long[] frame, long at, long channel, int rows) {
        long params = frame[scratch] + channel;
        long stride = spec.c() * 4L;
        FloatVector high = load(params);
        FloatVector low = load(params + stride);
        FloatVector scale = load(params + 2 * stride);
        FloatVector shift = load(frame[gamma + 1] + channel);
        FloatVector floor = splat(spec.relu() ? 0 : Float.NEGATIVE_INFINITY);
        long src = frame[0] + at;
        long add = frame[1] + at;
        long out = frame[dst] + at;
        if (residual) {
            for (int r = 0; r < rows; r++) {
                FloatVector y = load(src + r * stride).sub(high).sub(low).fma(scale, shift);
                store(out + r * stride, y.add(load(add + r * stride)).max(floor));
            }
        } else {
            for (int r = 0; r < rows; r++) {
                FloatVector y = load(src + r * stride).sub(high).sub(low).fma(scale, shift);
                store(out + r * stride, y.max(floor));
            }
        }
    }

    private void row(long[] frame, long at) {
        int c = spec.c();
        long params = frame[scratch];
        long src = frame[0] + at;
        long add = frame[1] + at;
        long out = frame[dst] + at;
        long shift = frame[gamma + 1];
        FloatVector floor = splat(spec.relu() ? 0 : Float.NEGATIVE_INFINITY);
        int whole = Lanes.F.loopBound(c);
        for (int k = 0; k < whole; k += Lanes.COUNT) {
            long lane = k * 4L;
            FloatVector y = load(src + lane)
                    .sub(load(params + lane))
                    .sub(load(params + c * 4L + lane))
                    .fma(load(params + c * 8L + lane), load(shift + lane));
            y = residual ? y.add(load(add + lane)) : y;
            store(out + lane, y.max(floor));
        }
        if (whole < c) {
            long lane = whole * 4L;
            VectorMask<Float> there = Lanes.first(c - whole);
            FloatVector y = load(src + lane, there)
                    .sub(load(params + lane, there))
                    .sub(load(params + c * 4L + lane, there))
                    .fma(load(params + c * 8L + lane, there), load(shift + lane, there));
            y = residual ? y.add(load(add + lane, there)) : y;
            store(out + lane, y.max(floor), there);
        }
    }
}
