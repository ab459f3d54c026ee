package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.Pass;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Layer norm forward: 4 B read from memory and 4 B written an element, so memory bound. A group of rows (8 KB) is passed over
 * three times in L1: sums; sums of the distances to that mean and of their squares; results. So a mean of 1e4 beside a
 * deviation of 0.01 costs no digit of the variance, and what of the mean no float holds goes into the shift.
 *
 * <p>A row is summed as in {@link SoftmaxRows}: element i of a block into sum i mod 16, blocks in double.
 */
final class SimdLayerNorm implements Kernel, Task {
    static final int WAYS = SoftmaxRows.WAYS;
    static final int BLOCK = SoftmaxRows.BLOCK;

    /** Rows of a group at most. */
    static final int ROWS = 32;

    /** Elements of a group: 8 KB. */
    static final int GROUP = 2048;

    /** Floats of a thread's scratch memory before the running sums: two addresses, then mean, scale and shift of each row. */
    private static final int NUMBERS = 16;

    private static final int SUMS = NUMBERS + 4 * ROWS;

    private final GroupNormSpec spec;
    private final int cols;
    private final int whole;
    private final int blocks;
    private final int rows;
    private final int dst;
    private final int scratch;
    private final double share;
    private final RowPieces cut;
    private final Workers workers;
    private final RowLoop values = new RowLoop(MethodHandles.lookup(), this, "values");
    private final RowLoop moments = new RowLoop(MethodHandles.lookup(), this, "moments");
    private final RowLoop results;

    private SimdLayerNorm(GroupNormSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.cols = spec.c();
        this.whole = Lanes.F.loopBound(cols);
        this.blocks = (cols + BLOCK - 1) / BLOCK;
        this.rows = Math.clamp(GROUP / cols, 1, ROWS);
        this.dst = spec.affine() ? 3 : 1;
        this.scratch = spec.operands().size();
        this.share = 1.0 / cols;
        this.cut = RowPieces.of(spec.n(), cols);
        this.results = new RowLoop(MethodHandles.lookup(), this, spec.affine() ? "affine" : "normalize");
    }

    /** For problems of one group of one pixel. */
    static Offer offer(GroupNormSpec spec, Workers workers) {
        return Offer.of(
                spec.pass() == Pass.BACKWARD
                        ? new SimdLayerNormBackward(spec, workers)
                        : new SimdLayerNorm(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:layernorm";
    }

    @Override
    public long scratchBytes() {
        return workers.threads() * scratchOfThread();
    }

    private long scratchOfThread() {
        return (SUMS + 2L * rows * blocks * WAYS) * 4;
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(cut.count(), this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        boolean training = spec.pass() == Pass.TRAINING;
        long own = frame[scratch] + worker * scratchOfThread();
        if (spec.affine()) {
            Raw.i64(own, 0, frame[1]);
            Raw.i64(own, 1, frame[2]);
        }
        long to = cut.end(index);
        for (long row = cut.first(index); row < to; row += rows) {
            int group = (int) Math.min(rows, to - row);
            long at = row * cols * 4;
            values.run(frame[0] + at, 0, own, group);
            for (int r = 0; r < group; r++) {
                Raw.f32(own, NUMBERS + 4 * r, (float) (fold(own, r, 0) * share));
            }
            moments.run(frame[0] + at, 0, own, group);
            for (int r = 0; r < group; r++) {
                double off = fold(own, r, 0) * share;
                double variance = Math.max(0, fold(own, r, 1) * share - off * off);
                double mean = Raw.f32(own, NUMBERS + 4 * r) + off;
                double invStd = 1 / Math.sqrt(variance + spec.eps());
                Raw.f32(own, NUMBERS + 4 * r, (float) mean);
                Raw.f32(own, NUMBERS + 4 * r + 1, (float) invStd);
                Raw.f32(own, NUMBERS + 4 * r + 2, (float) (((float) mean - mean) * invStd));
                if (training) {
                    Raw.f32(frame[dst + 1], row + r, (float) mean);
                    Raw.f32(frame[dst + 2], row + r, (float) invStd);
                }
            }
            results.run(frame[0] + at, own, frame[dst] + at, group);
        }
    }

    /** Where the running sums of a block are: those of all rows, then those of their squares. */
    private long sums(long scratch, int row, int block, int which) {
        return scratch + (SUMS + ((which * rows + row) * blocks + block) * WAYS) * 4L;
    }

    private double fold(long scratch, int row, int which) {
        double sum = 0;
        for (int block = 0; block < blocks; block++) {
            sum += Sums.fold(sums(scratch, row, block, which));
        }
        return sum;
    }

    private void values(long src, long unused, long scratch, int group) {
        for (int r = 0; r < group; r++) {
            long x = src + (long) r * cols * 4;
            for (int block = 0; block < blocks; block++) {
                int end = Math.min(whole, (block + 1) * BLOCK);
                long to = sums(scratch, r, block, 0);
                for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                    FloatVector sum = splat(0f);
                    for (int i = block * BLOCK + way; i < end; i += WAYS) {
                        sum = sum.add(load(x + i * 4L));
                    }
                    sum.intoMemorySegment(Raw.MEMORY, to + way * 4L, Lanes.ORDER);
                }
            }
            long last = sums(scratch, r, blocks - 1, 0);
            for (int i = whole; i < cols; i++) {
                Raw.f32(last, i % WAYS, Raw.f32(last, i % WAYS) + Raw.f32(x, i));
            }
        }
    }

    private void moments(long src, long unused, long scratch, int group) {
        for (int r = 0; r < group; r++) {
            long x = src + (long) r * cols * 4;
            float about = Raw.f32(scratch, NUMBERS + 4 * r);
            FloatVector mean = splat(about);
            for (int block = 0; block < blocks; block++) {
                int end = Math.min(whole, (block + 1) * BLOCK);
                long first = sums(scratch, r, block, 0);
                long second = sums(scratch, r, block, 1);
                for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                    FloatVector sum = splat(0f);
                    FloatVector squares = splat(0f);
                    for (int i = block * BLOCK + way; i < end; i += WAYS) {
                        FloatVector distance = load(x + i * 4L).sub(mean);
                        sum = sum.add(distance);
                        squares = distance.fma(distance, squares);
                    }
                    sum.intoMemorySegment(Raw.MEMORY, first + way * 4L, Lanes.ORDER);
                    squares.intoMemorySegment(Raw.MEMORY, second + way * 4L, Lanes.ORDER);
                }
            }
            long first = sums(scratch, r, blocks - 1, 0);
            long second = sums(scratch, r, blocks - 1, 1);
            for (int i = whole; i < cols; i++) {
                float distance = Raw.f32(x, i) - about;
                int way = i % WAYS;
                Raw.f32(first, way, Raw.f32(first, way) + distance);
                Raw.f32(second, way, Math.fma(distance, distance, Raw.f32(second, way)));
            }
        }
    }

    private void affine(long src, long scratch, long dst, int group) {
        long gamma = Raw.i64(scratch, 0);
        long beta = Raw.i64(scratch, 1);
        for (int r = 0; r < group; r++) {
            float mean = Raw.f32(scratch, NUMBERS + 4 * r);
            float scale = Raw.f32(scratch, NUMBERS + 4 * r + 1);
            float shift = Raw.f32(scratch, NUMBERS + 4 * r + 2);
            long row = (long) r * cols * 4;
            for (int i = 0; i < whole; i += Lanes.COUNT) {
                long at = i * 4L;
                load(src + row + at)
                        .sub(splat(mean))
                        .fma(splat(scale), splat(shift))
                        .fma(load(gamma + at), load(beta + at))
                        .intoMemorySegment(Raw.MEMORY, dst + row + at, Lanes.ORDER);
            }
            for (int i = whole; i < cols; i++) {
                float normal = Math.fma(Raw.f32(src + row, i) - mean, scale, shift);
                Raw.f32(dst + row, i, Math.fma(normal, Raw.f32(gamma, i), Raw.f32(beta, i)));
            }
        }
    }

    private void normalize(long src, long scratch, long dst, int group) {
        for (int r = 0; r < group; r++) {
            float mean = Raw.f32(scratch, NUMBERS + 4 * r);
            float scale = Raw.f32(scratch, NUMBERS + 4 * r + 1);
            float shift = Raw.f32(scratch, NUMBERS + 4 * r + 2);
            long row = (long) r * cols * 4;
            for (int i = 0; i < whole; i += Lanes.COUNT) {
                long at = row + i * 4L;
                load(src + at)
                        .sub(splat(mean))
                        .fma(splat(scale), splat(shift))
                        .intoMemorySegment(Raw.MEMORY, dst + at, Lanes.ORDER);
            }
            for (int i = whole; i < cols; i++) {
                Raw.f32(dst + row, i, Math.fma(Raw.f32(src + row, i) - mean, scale, shift));
            }
        }
    }
}
