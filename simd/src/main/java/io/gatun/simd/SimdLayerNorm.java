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
 * <p>Element i of a block is added to sum i mod 64, four vectors of 512 bits a step: one chain of additions would wait 4 cycles
 * for each. The sums are added in pairs to 16, these folded in halves, and blocks in double.
 *
 * <p>Where L3 holds the tensors, a Zen 5 core reaches 0.3 of a copy's speed at 4096 x 768 (backward 0.3 to 0.5). Narrow rows go
 * by {@link LayerNormRows}.
 */
final class SimdLayerNorm implements Kernel, Task {
    private static final int WAYS = 64;

    /** 64 additions deep. */
    private static final int BLOCK = 64 * WAYS;

    /** Rows of a group at most. */
    static final int ROWS = 32;

    /** Elements of a group: 8 KB. */
    static final int GROUP = 2048;

    // A thread's scratch memory, in floats: two addresses; mean, scale and shift of each row; two totals of each block
    // of a
    // row, room to make them, and running sums.
    private static final int NUMBERS = 16;
    private static final int TOTALS = NUMBERS + 4 * ROWS;

    private final GroupNormSpec spec;
    private final int cols;
    private final int whole;
    private final int blocks;
    private final int rows;
    private final int dst;
    private final int scratch;
    private final int items;
    private final int sums;
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
        this.items = RowTotals.rounded(rows * blocks);
        this.sums = TOTALS + 2 * items + 16 * items;
        this.share = 1.0 / cols;
        this.cut = RowPieces.of(spec.n(), cols);
        this.results = new RowLoop(MethodHandles.lookup(), this, spec.affine() ? "affine" : "normalize");
    }

    /** For problems of one group of one pixel. */
    static Offer offer(GroupNormSpec spec, Workers workers) {
        if (spec.pass() == Pass.BACKWARD) {
            return Offer.of(new SimdLayerNormBackward(spec, workers));
        }
        return Offer.of(
                LayerNormRows.suits(spec) ? new LayerNormRows(spec, workers) : new SimdLayerNorm(spec, workers));
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
        return 4L * (sums + 2 * rows * blocks * WAYS);
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
            totals(own, group, 0);
            for (int r = 0; r < group; r++) {
                Raw.f32(own, NUMBERS + 4 * r, (float) (total(own, r, 0) * share));
            }
            moments.run(frame[0] + at, 0, own, group);
            totals(own, group, 0);
            totals(own, group, 1);
            for (int r = 0; r < group; r++) {
                double off = total(own, r, 0) * share;
                double variance = Math.max(0, total(own, r, 1) * share - off * off);
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
        return scratch + (sums + ((which * rows + row) * blocks + block) * WAYS) * 4L;
    }

    /** Folds the running sums of all blocks of a group's rows. */
    private void totals(long own, int group, int which) {
        long out = own + 4L * (TOTALS + which * items);
        RowTotals.of64(sums(own, 0, 0, which), group * blocks, own + 4L * (TOTALS + 2 * items), out);
    }

    /** The sum over a row's blocks. */
    private double total(long own, int row, int which) {
        double sum = 0;
        for (int block = 0; block < blocks; block++) {
            sum += Raw.f32(own, TOTALS + which * items + row * blocks + block);
        }
        return sum;
    }

    /** Where a block's whole steps end. */
    private int steps(int block) {
        int length = Math.min(whole - block * BLOCK, BLOCK);
        return block * BLOCK + length - length % WAYS;
    }

    private void values(long src, long unused, long scratch, int group) {
        for (int r = 0; r < group; r++) {
            long x = src + (long) r * cols * 4;
            for (int block = 0; block < blocks; block++) {
                int end = steps(block);
                long to = sums(scratch, r, block, 0);
                for (int way = 0; way < WAYS; way += 4 * Lanes.COUNT) {
                    FloatVector s0 = splat(0f);
                    FloatVector s1 = s0;
                    FloatVector s2 = s0;
                    FloatVector s3 = s0;
                    for (int i = block * BLOCK + way; i < end; i += WAYS) {
                        long at = x + i * 4L;
                        s0 = s0.add(load(at));
                        s1 = s1.add(load(at + Lanes.BYTES));
                        s2 = s2.add(load(at + 2 * Lanes.BYTES));
                        s3 = s3.add(load(at + 3 * Lanes.BYTES));
                    }
                    long at = to + way * 4L;
                    s0.intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
                    s1.intoMemorySegment(Raw.MEMORY, at + Lanes.BYTES, Lanes.ORDER);
                    s2.intoMemorySegment(Raw.MEMORY, at + 2 * Lanes.BYTES, Lanes.ORDER);
                    s3.intoMemorySegment(Raw.MEMORY, at + 3 * Lanes.BYTES, Lanes.ORDER);
                }
                int last = Math.min(whole, (block + 1) * BLOCK);
                for (int i = end; i < last; i += Lanes.COUNT) {
                    long at = to + i % WAYS * 4L;
                    load(at).add(load(x + i * 4L)).intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
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
                int end = steps(block);
                long first = sums(scratch, r, block, 0);
                long second = sums(scratch, r, block, 1);
                for (int way = 0; way < WAYS; way += 2 * Lanes.COUNT) {
                    FloatVector s0 = splat(0f);
                    FloatVector s1 = s0;
                    FloatVector q0 = s0;
                    FloatVector q1 = s0;
                    for (int i = block * BLOCK + way; i < end; i += WAYS) {
                        FloatVector d0 = load(x + i * 4L).sub(mean);
                        FloatVector d1 = load(x + i * 4L + Lanes.BYTES).sub(mean);
                        s0 = s0.add(d0);
                        s1 = s1.add(d1);
                        q0 = d0.fma(d0, q0);
                        q1 = d1.fma(d1, q1);
                    }
                    long at = way * 4L;
                    s0.intoMemorySegment(Raw.MEMORY, first + at, Lanes.ORDER);
                    s1.intoMemorySegment(Raw.MEMORY, first + at + Lanes.BYTES, Lanes.ORDER);
                    q0.intoMemorySegment(Raw.MEMORY, second + at, Lanes.ORDER);
                    q1.intoMemorySegment(Raw.MEMORY, second + at + Lanes.BYTES, Lanes.ORDER);
                }
                int last = Math.min(whole, (block + 1) * BLOCK);
                for (int i = end; i < last; i += Lanes.COUNT) {
                    long at = i % WAYS * 4L;
                    FloatVector d = load(x + i * 4L).sub(mean);
                    load(first + at).add(d).intoMemorySegment(Raw.MEMORY, first + at, Lanes.ORDER);
                    d.fma(d, load(second + at)).intoMemorySegment(Raw.MEMORY, second + at, Lanes.ORDER);
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
