package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.BatchNormSpec;

/**
 * Batch norm backward in two passes: sums, then diffSrc = gamma invStd (g - mean(g) - x^ mean(g x^)) as
 * a g + b (src - mean) + d with three numbers a channel, g = diffDst behind the ReLU and x^ = (src - mean) invStd.
 * Reads src and diffDst twice, dst once and writes diffSrc (and diffResidual) once: 20 B an element, 24 with ReLU, 4 more
 * for the residual.
 */
final class SimdBatchNormBackward implements Kernel {
    private final BatchNormSpec spec;
    private final BatchNormBackwardFrame in;
    private final Workers workers;
    private final Task sums;
    private final BatchNormMoments moments;
    private final Task channels = this::channels;
    private final Task apply;
    private final double share;

    SimdBatchNormBackward(BatchNormSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.in = BatchNormBackwardFrame.of(spec);
        this.sums = new BatchNormBackwardSums(in);
        this.moments = new BatchNormMoments(in.cut(), in.sums());
        this.apply = new BatchNormBackwardApply(in);
        this.share = 1.0 / spec.rows();
    }

    @Override
    public String implementation() {
        return "simd:batchnorm backward";
    }

    @Override
    public long scratchBytes() {
        return in.scratchBytes();
    }

    @Override
    public void execute(long[] frame) {
        workers.run(in.cut().pieces(), sums, frame);
        workers.run((spec.c() + SimdBatchNorm.CHANNELS - 1) / SimdBatchNorm.CHANNELS, channels, frame);
        workers.run(in.cut().pieces(), apply, frame);
    }

    private void channels(long[] frame, int index, int worker) {
        int from = index * SimdBatchNorm.CHANNELS;
        int to = Math.min(spec.c(), from + SimdBatchNorm.CHANNELS);
        moments.add(in.sums(frame, 0), from, in.cut().folded() > 1 ? in.cut().lanes() : to, in.doubles(frame));
        for (int k = from; k < to; k++) {
            channel(frame, k);
        }
    }

    private void channel(long[] frame, int k) {
        int c = spec.c();
        int lanes = in.cut().lanes();
        long doubles = in.doubles(frame);
        double sum = 0;
        double products = 0;
        for (int lane = k; lane < lanes; lane += c) {
            sum += Raw.f64(doubles, lane);
            products += Raw.f64(doubles, (long) lanes + lane);
        }
        double invStd = Raw.f32(frame[in.mean() + 1], k);
        double scale = Raw.f32(frame[in.gamma()], k) * invStd;
        Raw.f32(frame[in.diffGamma()], k, (float) (products * invStd));
        Raw.f32(frame[in.diffGamma() + 1], k, (float) sum);
        float b = (float) (-scale * invStd * invStd * products * share);
        float d = (float) (-scale * sum * share);
        for (int lane = k; lane < lanes; lane += c) {
            long factors = in.factors(frame);
            in.factors().set(factors, 0, lane, Raw.f32(frame[in.mean()], k));
            in.factors().set(factors, 1, lane, (float) scale);
            in.factors().set(factors, 2, lane, b);
            in.factors().set(factors, 3, lane, d);
        }
    }
}
