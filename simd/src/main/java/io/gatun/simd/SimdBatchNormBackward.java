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
    private final Task apply;

    SimdBatchNormBackward(BatchNormSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.in = BatchNormBackwardFrame.of(spec);
        this.sums = BatchNormBackwardSums.task(in);
        this.apply = BatchNormBackwardApply.task(in);
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
        workers.run(in.cut().chunks(), sums, frame);
        for (int k = 0; k < spec.c(); k++) {
            channel(frame, k);
        }
        workers.run(in.cut().chunks(), apply, frame);
    }

    private void channel(long[] frame, int k) {
        long c = spec.c();
        double sum = 0;
        double products = 0;
        for (int chunk = 0; chunk < in.cut().chunks(); chunk++) {
            long at = in.sums(frame, chunk);
            sum += Raw.f32(at, k);
            products += Raw.f32(at, c + k);
        }
        double invStd = Raw.f32(frame[in.mean() + 1], k);
        double scale = Raw.f32(frame[in.gamma()], k) * invStd;
        long factors = frame[in.scratch()];
        Raw.f32(frame[in.diffGamma()], k, (float) (products * invStd));
        Raw.f32(frame[in.diffGamma() + 1], k, (float) sum);
        Raw.f32(factors, k, (float) scale);
        Raw.f32(factors, c + k, (float) (-scale * invStd * invStd * products / spec.rows()));
        Raw.f32(factors, 2 * c + k, (float) (-scale * sum / spec.rows()));
    }
}
