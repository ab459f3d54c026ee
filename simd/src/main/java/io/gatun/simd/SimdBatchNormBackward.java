package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.BatchNormSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Batch norm backward in two passes: sums, then diffSrc = gamma invStd (g - mean(g) - x^ mean(g x^)) as
 * a g + b (src - mean) + d with three numbers a channel, g = diffDst behind the ReLU and x^ = (src - mean) invStd.
 * Reads src and diffDst (and dst) twice and writes diffSrc (and diffResidual) once: 20 B an element, 28 with ReLU, 4 more
 * for the residual.
 */
final class SimdBatchNormBackward implements Kernel {
    private final BatchNormSpec spec;
    private final BatchNormRows cut;
    private final boolean relu;
    private final boolean residual;
    private final Workers workers;
    private final Task sums = new LoopTask(MethodHandles.lookup(), this, "sums");
    private final Task apply;
    // Places in the frame; src is 0, dst 1 if there is one.
    private final int diffDst;
    private final int gamma;
    private final int mean;
    private final int diffSrc;
    private final int diffGamma;
    private final int scratch;

    SimdBatchNormBackward(BatchNormSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.cut = BatchNormRows.of(spec.rows(), spec.c());
        this.relu = spec.relu();
        this.residual = spec.residual();
        this.diffDst = relu ? 2 : 1;
        this.gamma = diffDst + 1;
        this.mean = diffDst + 2;
        this.diffSrc = diffDst + 4;
        this.diffGamma = diffSrc + (residual ? 2 : 1);
        this.scratch = diffGamma + 2;
        boolean columns = cut.c() % Lanes.COUNT == 0 && cut.c() <= 4 * Lanes.COUNT;
        this.apply = new LoopTask(MethodHandles.lookup(), this, columns ? "columns" : "rows");
    }

    @Override
    public String implementation() {
        return "simd:batchnorm backward";
    }

    /** The three factors of each channel, then two sums for each chunk. */
    @Override
    public long scratchBytes() {
        return (3L + 2L * cut.chunks()) * spec.c() * 4;
    }

    @Override
    public void execute(long[] frame) {
        workers.run(cut.chunks(), sums, frame);
        for (int k = 0; k < spec.c(); k++) {
            channel(frame, k);
        }
        workers.run(cut.chunks(), apply, frame);
    }

    private void sums(long[] frame, int chunk, int worker) {
        int c = spec.c();
        long offset = cut.offset(chunk);
        long out = frame[scratch] + (3 + 2L * chunk) * c * 4;
        int rows = cut.length(chunk);
        BatchNormSums.gradients(
                relu, frame[0] + offset, frame[1] + offset, frame[diffDst] + offset, rows, c, frame[mean], out);
    }

    private void channel(long[] frame, int k) {
        long c = spec.c();
        double sum = 0;
        double products = 0;
        for (int chunk = 0; chunk < cut.chunks(); chunk++) {
            long at = frame[scratch] + (3 + 2L * chunk) * c * 4;
            sum += Raw.f32(at, k);
            products += Raw.f32(at, c + k);
        }
        double invStd = Raw.f32(frame[mean + 1], k);
        double scale = Raw.f32(frame[gamma], k) * invStd;
        Raw.f32(frame[diffGamma], k, (float) (products * invStd));
        Raw.f32(frame[diffGamma + 1], k, (float) sum);
        Raw.f32(frame[scratch], k, (float) scale);
        Raw.f32(frame[scratch], c + k, (float) (-scale * invStd * invStd * products / spec.rows()));
        Raw.f32(frame[scratch], 2 * c + k, (float) (-scale * sum / spec.rows()));
    }

    private void columns(long[] frame, int chunk, int worker) {
        for (int k = 0; k < spec.c(); k += Lanes.COUNT) {
            column(frame, cut.offset(chunk) + k * 4L, k * 4L, cut.length(chunk));
        }
    }

    private void rows(long[] frame, int chunk, int worker) {
        int rows = cut.length(chunk);
        for (int r = 0; r < rows; r++) {
            row(frame, cut.offset(chunk) + (long) r * spec.c() * 4);
        }
    }

    /** One vector of channels, whose factors stay in registers, down all rows. */
    private void column(long[] frame, long at, long channel, int rows) {
        long stride = spec.c() * 4L;
        long factors = frame[scratch] + channel;
        FloatVector a = load(factors);
        FloatVector b = load(factors + stride);
        FloatVector d = load(factors + 2 * stride);
        FloatVector m = load(frame[mean] + channel);
        long src = frame[0] + at;
        long dst = frame[1] + at;
        long diff = frame[diffDst] + at;
        long out = frame[diffSrc] + at;
        long add = frame[diffSrc + 1] + at;
        for (int r = 0; r < rows; r++) {
            long lane = r * stride;
            FloatVector g = load(diff + lane);
            g = relu ? g.mul(BatchNormSums.open(load(dst + lane))) : g;
            if (residual) {
                store(add + lane, g);
            }
            store(out + lane, g.fma(a, load(src + lane).sub(m).fma(b, d)));
        }
    }

    private void row(long[] frame, long at) {
        int c = spec.c();
        int whole = Lanes.F.loopBound(c);
        for (int k = 0; k < whole; k += Lanes.COUNT) {
            long lane = at + k * 4L;
            FloatVector g = load(frame[diffDst] + lane);
            g = relu ? g.mul(BatchNormSums.open(load(frame[1] + lane))) : g;
            if (residual) {
                store(frame[diffSrc + 1] + lane, g);
            }
            long factors = frame[scratch] + k * 4L;
            FloatVector x = load(frame[0] + lane).sub(load(frame[mean] + k * 4L));
            store(frame[diffSrc] + lane, g.fma(load(factors), x.fma(load(factors + c * 4L), load(factors + c * 8L))));
        }
        if (whole < c) {
            tail(frame, at, whole, Lanes.first(c - whole));
        }
    }

    private void tail(long[] frame, long at, int k, VectorMask<Float> there) {
        int c = spec.c();
        long lane = at + k * 4L;
        FloatVector g = load(frame[diffDst] + lane, there);
        g = relu ? g.mul(BatchNormSums.open(load(frame[1] + lane, there))) : g;
        if (residual) {
            store(frame[diffSrc + 1] + lane, g, there);
        }
        long factors = frame[scratch] + k * 4L;
        FloatVector x = load(frame[0] + lane, there).sub(load(frame[mean] + k * 4L, there));
        FloatVector rest = x.fma(load(factors + c * 4L, there), load(factors + c * 8L, there));
        store(frame[diffSrc] + lane, g.fma(load(factors, there), rest), there);
    }
}
