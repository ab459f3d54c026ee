package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.Pass;

/**
 * Batch norm forward (+ residual) (+ ReLU) over rows x c, vectors of channels. Training reads src twice and writes dst
 * once, 12 B an element and 4 for the residual; inference 8 and 4.
 *
 * <p>Statistics: of each piece of rows the mean of the first 16th, then sums and squares of the distances of all to it;
 * pieces are put together in double. So neither a mean of 1e4 with a deviation of 0.01 nor the number of threads or lanes
 * changes a bit of the variance. What of the mean no float holds goes into the shift.
 */
final class SimdBatchNorm implements Kernel {
    /** Channels that a thread puts together at a time, some 3 us. */
    static final int CHANNELS = 128;

    private final BatchNormSpec spec;
    private final BatchNormRows cut;
    private final boolean training;
    private final Workers workers;
    private final BatchNormSums sums;
    private final BatchNormMoments moments;
    private final BatchNormNormalize normalize;
    private final Task channels = this::channels;
    // Places in the frame.
    private final int gamma;
    private final int dst;
    private final int scratch;
    // Of a row among all, and among all but one: divisions in double are dear, a channel has enough of them.
    private final double share;
    private final double unbiased;

    private SimdBatchNorm(BatchNormSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.cut = BatchNormRows.of(spec.rows(), spec.c());
        this.training = spec.pass() == Pass.TRAINING;
        this.gamma = spec.residual() ? 2 : 1;
        this.dst = gamma + 4;
        this.share = 1.0 / spec.rows();
        this.unbiased = 1.0 / (spec.rows() - 1);
        this.scratch = dst + (training ? 3 : 1);
        this.sums = new BatchNormSums(cut, scratch);
        this.moments = new BatchNormMoments(cut, sums.table());
        this.normalize = new BatchNormNormalize(cut, spec.residual(), spec.relu(), dst, scratch, statistics());
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

    /** In training the table of each piece and two doubles a lane; then the table of the second pass. */
    @Override
    public long scratchBytes() {
        return statistics() + normalize.table().bytes();
    }

    private long statistics() {
        return training ? tables() + 16L * cut.lanes() : 0;
    }

    private long tables() {
        return cut.pieces() * sums.table().bytes();
    }

    @Override
    public void execute(long[] frame) {
        if (training) {
            workers.run(cut.pieces(), sums, frame);
        }
        workers.run((spec.c() + CHANNELS - 1) / CHANNELS, channels, frame);
        workers.run(cut.pieces(), normalize, frame);
    }

    private void channels(long[] frame, int index, int worker) {
        int from = index * CHANNELS;
        int to = Math.min(spec.c(), from + CHANNELS);
        if (training) {
            moments.put(frame[scratch], from, cut.folded() > 1 ? cut.lanes() : to, frame[scratch] + tables());
        }
        for (int k = from; k < to; k++) {
            channel(frame, k);
        }
    }

    /** Mean and scale of channel {@code k}; in training also to mean, invStd and the running ones. */
    private void channel(long[] frame, int k) {
        long runningMean = frame[gamma + 2];
        long runningVar = frame[gamma + 3];
        double mean = Raw.f32(runningMean, k);
        double variance = Raw.f32(runningVar, k);
        if (training) {
            long doubles = frame[scratch] + tables();
            double sum = 0;
            double square = 0;
            for (int lane = k; lane < cut.lanes(); lane += spec.c()) {
                sum += Raw.f64(doubles, lane);
                square += Raw.f64(doubles, (long) cut.lanes() + lane);
            }
            double momentum = spec.momentum();
            double old = variance;
            double squares = Math.max(0, square - sum * (sum * share));
            mean = sums.table().get(frame[scratch], 0, k) + sum * share;
            variance = squares * share;
            Raw.f32(runningMean, k, (float) ((1 - momentum) * Raw.f32(runningMean, k) + momentum * mean));
            Raw.f32(runningVar, k, (float) ((1 - momentum) * old + momentum * (squares * unbiased)));
        }
        double invStd = 1 / Math.sqrt(variance + spec.eps());
        if (training) {
            Raw.f32(frame[dst + 1], k, (float) mean);
            Raw.f32(frame[dst + 2], k, (float) invStd);
        }
        double scale = Raw.f32(frame[gamma], k) * invStd;
        double rest = mean - (float) mean;
        double shift = Raw.f32(frame[gamma + 1], k) - rest * scale;
        normalize.channel(frame, k, (float) mean, (float) scale, (float) shift);
    }
}
