package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GroupNormSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Layer norm backward: with g = gamma diffDst and x^ = (src - mean) invStd, diffSrc = invStd (g - mean(g) - x^ mean(g x^)).
 * 8 B read from memory and 4 B written an element: a group of rows is passed over once for its sums and once for diffSrc.
 *
 * <p>diffGamma and diffBeta are summed down the columns in the first pass: 64 rows into sums of the thread's, these into the
 * piece's, and the pieces' by {@link ColumnSums}. There are {@value #PIECES} pieces at most, so their sums are few.
 */
final class SimdLayerNormBackward implements Kernel, Task {
    private static final int WAYS = SoftmaxRows.WAYS;
    private static final int BLOCK = SoftmaxRows.BLOCK;

    private static final int PIECES = 64;

    /** Rows of a piece at least, so that the pieces' sums are at most a quarter of the tensor. */
    private static final int FEWEST = 8;

    /** Rows whose sum down a column is one chain of additions. */
    private static final int CHAIN = 64;

    // A thread's scratch memory, in floats: four addresses; mean(g) and mean(g x^) of each row; the totals of each
    // block of a
    // row, room to make them, running sums, and two columns' sums.
    private static final int NUMBERS = 16;
    private static final int TOTALS = NUMBERS + 2 * SimdLayerNorm.ROWS;

    private final boolean affine;
    private final int cols;
    private final int whole;
    private final int blocks;
    private final int rows;
    private final int items;
    private final int running;
    private final int columns;
    private final int mean;
    private final int scratch;
    private final double share;
    private final RowPieces cut;
    private final Workers workers;
    private final Task columnSums = this::columnSums;
    private final RowLoop pair;
    private final RowLoop sums;
    private final RowLoop results;

    SimdLayerNormBackward(GroupNormSpec spec, Workers workers) {
        this.workers = workers;
        this.affine = spec.affine();
        this.cols = spec.c();
        this.whole = Lanes.F.loopBound(cols);
        this.blocks = (cols + BLOCK - 1) / BLOCK;
        this.rows = Math.clamp(SimdLayerNorm.GROUP / cols, 1, SimdLayerNorm.ROWS);
        this.items = RowTotals.rounded(rows * blocks);
        this.running = TOTALS + items + 16 * items;
        this.columns = running + 2 * rows * blocks * WAYS;
        this.mean = affine ? 3 : 2;
        this.scratch = spec.operands().size();
        this.share = 1.0 / cols;
        long perPiece = Math.max(Math.ceilDiv(spec.n(), PIECES), Math.max(FEWEST, Elementwise.PIECE / cols));
        this.cut = new RowPieces(spec.n(), perPiece);
        this.pair = new RowLoop(MethodHandles.lookup(), this, "affinePair");
        this.sums = new RowLoop(MethodHandles.lookup(), this, affine ? "affineSums" : "sums");
        this.results = new RowLoop(MethodHandles.lookup(), this, affine ? "affine" : "plain");
    }

    @Override
    public String implementation() {
        return "simd:layernorm backward";
    }

    @Override
    public long scratchBytes() {
        return workers.threads() * scratchOfThread() + (affine ? 8L * cut.count() * cols : 0);
    }

    private long scratchOfThread() {
        return (columns + (affine ? 2L * cols : 0)) * 4;
    }

    /** The sums of a piece's columns: diffGamma's, then diffBeta's. */
    private long sumsOf(long[] frame, int piece) {
        return frame[scratch] + workers.threads() * scratchOfThread() + 8L * piece * cols;
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(cut.count(), this, frame);
        if (affine) {
            workers.run(2, columnSums, frame);
        }
    }

    /** diffGamma ({@code which} 0) or diffBeta of the pieces' sums. */
    private void columnSums(long[] frame, int which, int worker) {
        long to = frame[mean + 3 + which];
        Pack.zero(to, cols);
        ColumnSums.add(false, sumsOf(frame, 0) + 4L * which * cols, cut.count(), 8L * cols, cols, to);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long own = frame[scratch] + worker * scratchOfThread();
        long ownColumns = own + 4L * columns;
        if (affine) {
            Raw.i64(own, 0, frame[2]);
            Pack.zero(ownColumns, 2 * cols);
            Pack.zero(sumsOf(frame, index), 2 * cols);
        }
        int chained = 0;
        long to = cut.end(index);
        for (long row = cut.first(index); row < to; row += rows) {
            int group = (int) Math.min(rows, to - row);
            long at = row * cols * 4;
            Raw.i64(own, 1, frame[mean] + row * 4);
            Raw.i64(own, 2, frame[mean + 1] + row * 4);
            int paired = affine ? group & -2 : 0;
            for (int r = 0; r < paired; r += 2) {
                pair.run(frame[0] + at + r * 4L * cols, frame[1] + at + r * 4L * cols, own, r);
            }
            for (int r = paired; r < group; r++) {
                sums.run(frame[0] + at + r * 4L * cols, frame[1] + at + r * 4L * cols, own, r);
            }
            means(own, group);
            Raw.i64(own, 3, frame[mean + 2] + at);
            results.run(frame[0] + at, frame[1] + at, own, group);
            chained += group;
            if (affine && (chained >= CHAIN || row + group == to)) {
                ColumnSums.add(false, ownColumns, 1, 8L * cols, 2 * cols, sumsOf(frame, index));
                Pack.zero(ownColumns, 2 * cols);
                chained = 0;
            }
        }
    }

    /** Where the running sums of g of a row's block are; those of g x^ follow. */
    private long runningSums(long own, int row, int block) {
        return own + (running + (row * blocks + block) * 2 * WAYS) * 4L;
    }

    /** The means of g and of g x^ of a group's rows, to where the second pass finds them. */
    private void means(long own, int group) {
        for (int which = 0; which < 2; which++) {
            long sums = runningSums(own, 0, 0) + which * WAYS * 4L;
            RowTotals.of16(sums, 8 * WAYS, group * blocks, own + 4L * (TOTALS + items), own + 4L * TOTALS);
            for (int r = 0; r < group; r++) {
                double sum = 0;
                for (int block = 0; block < blocks; block++) {
                    sum += Raw.f32(own, TOTALS + r * blocks + block);
                }
                Raw.f32(own, NUMBERS + which * SimdLayerNorm.ROWS + r, (float) (sum * share));
            }
        }
    }

    /** Two rows, added to each other before they are to the columns' sums. */
    private void affinePair(long src, long diffDst, long own, int r) {
        long gamma = Raw.i64(own, 0);
        long toGamma = own + 4L * columns;
        long toBeta = toGamma + 4L * cols;
        long row = cols * 4L;
        float mean0 = Raw.f32(Raw.i64(own, 1), r);
        float mean1 = Raw.f32(Raw.i64(own, 1), r + 1);
        float invStd0 = Raw.f32(Raw.i64(own, 2), r);
        float invStd1 = Raw.f32(Raw.i64(own, 2), r + 1);
        for (int block = 0; block < blocks; block++) {
            int end = Math.min(whole, (block + 1) * BLOCK);
            for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                FloatVector s0 = splat(0f);
                FloatVector s1 = s0;
                FloatVector p0 = s0;
                FloatVector p1 = s0;
                for (int i = block * BLOCK + way; i < end; i += WAYS) {
                    long at = i * 4L;
                    FloatVector g0 = load(diffDst + at);
                    FloatVector g1 = load(diffDst + row + at);
                    FloatVector normal0 = load(src + at).sub(splat(mean0)).mul(splat(invStd0));
                    FloatVector normal1 = load(src + row + at).sub(splat(mean1)).mul(splat(invStd1));
                    load(toBeta + at).add(g0.add(g1)).intoMemorySegment(Raw.MEMORY, toBeta + at, Lanes.ORDER);
                    load(toGamma + at)
                            .add(g0.fma(normal0, g1.mul(normal1)))
                            .intoMemorySegment(Raw.MEMORY, toGamma + at, Lanes.ORDER);
                    FloatVector weight = load(gamma + at);
                    g0 = g0.mul(weight);
                    g1 = g1.mul(weight);
                    s0 = s0.add(g0);
                    s1 = s1.add(g1);
                    p0 = g0.fma(normal0, p0);
                    p1 = g1.fma(normal1, p1);
                }
                long to0 = runningSums(own, r, block) + way * 4L;
                s0.intoMemorySegment(Raw.MEMORY, to0, Lanes.ORDER);
                p0.intoMemorySegment(Raw.MEMORY, to0 + WAYS * 4L, Lanes.ORDER);
                long to1 = runningSums(own, r + 1, block) + way * 4L;
                s1.intoMemorySegment(Raw.MEMORY, to1, Lanes.ORDER);
                p1.intoMemorySegment(Raw.MEMORY, to1 + WAYS * 4L, Lanes.ORDER);
            }
        }
        long last0 = runningSums(own, r, blocks - 1);
        long last1 = runningSums(own, r + 1, blocks - 1);
        for (int i = whole; i < cols; i++) {
            float g0 = Raw.f32(diffDst, i);
            float g1 = Raw.f32(diffDst + row, i);
            float normal0 = (Raw.f32(src, i) - mean0) * invStd0;
            float normal1 = (Raw.f32(src + row, i) - mean1) * invStd1;
            Raw.f32(toBeta, i, Raw.f32(toBeta, i) + (g0 + g1));
            Raw.f32(toGamma, i, Raw.f32(toGamma, i) + Math.fma(g0, normal0, g1 * normal1));
            one(last0, i % WAYS, g0 * Raw.f32(gamma, i), normal0);
            one(last1, i % WAYS, g1 * Raw.f32(gamma, i), normal1);
        }
    }

    private void affineSums(long src, long diffDst, long own, int r) {
        long gamma = Raw.i64(own, 0);
        long toGamma = own + 4L * columns;
        long toBeta = toGamma + 4L * cols;
        float mean = Raw.f32(Raw.i64(own, 1), r);
        float invStd = Raw.f32(Raw.i64(own, 2), r);
        for (int block = 0; block < blocks; block++) {
            int end = Math.min(whole, (block + 1) * BLOCK);
            for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                FloatVector sum = splat(0f);
                FloatVector products = splat(0f);
                for (int i = block * BLOCK + way; i < end; i += WAYS) {
                    long at = i * 4L;
                    FloatVector g = load(diffDst + at);
                    FloatVector normal = load(src + at).sub(splat(mean)).mul(splat(invStd));
                    load(toBeta + at).add(g).intoMemorySegment(Raw.MEMORY, toBeta + at, Lanes.ORDER);
                    g.fma(normal, load(toGamma + at)).intoMemorySegment(Raw.MEMORY, toGamma + at, Lanes.ORDER);
                    FloatVector scaled = g.mul(load(gamma + at));
                    sum = sum.add(scaled);
                    products = scaled.fma(normal, products);
                }
                long to = runningSums(own, r, block) + way * 4L;
                sum.intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
                products.intoMemorySegment(Raw.MEMORY, to + WAYS * 4L, Lanes.ORDER);
            }
        }
        long last = runningSums(own, r, blocks - 1);
        for (int i = whole; i < cols; i++) {
            float g = Raw.f32(diffDst, i);
            float normal = (Raw.f32(src, i) - mean) * invStd;
            Raw.f32(toBeta, i, Raw.f32(toBeta, i) + g);
            Raw.f32(toGamma, i, Math.fma(g, normal, Raw.f32(toGamma, i)));
            one(last, i % WAYS, g * Raw.f32(gamma, i), normal);
        }
    }

    private static void one(long sums, int way, float g, float normal) {
        Raw.f32(sums, way, Raw.f32(sums, way) + g);
        Raw.f32(sums, WAYS + way, Math.fma(g, normal, Raw.f32(sums, WAYS + way)));
    }

    private void sums(long src, long diffDst, long own, int r) {
        float mean = Raw.f32(Raw.i64(own, 1), r);
        float invStd = Raw.f32(Raw.i64(own, 2), r);
        for (int block = 0; block < blocks; block++) {
            int end = Math.min(whole, (block + 1) * BLOCK);
            for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                FloatVector sum = splat(0f);
                FloatVector products = splat(0f);
                for (int i = block * BLOCK + way; i < end; i += WAYS) {
                    FloatVector g = load(diffDst + i * 4L);
                    FloatVector normal = load(src + i * 4L).sub(splat(mean)).mul(splat(invStd));
                    sum = sum.add(g);
                    products = g.fma(normal, products);
                }
                long to = runningSums(own, r, block) + way * 4L;
                sum.intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
                products.intoMemorySegment(Raw.MEMORY, to + WAYS * 4L, Lanes.ORDER);
            }
        }
        long last = runningSums(own, r, blocks - 1);
        for (int i = whole; i < cols; i++) {
            one(last, i % WAYS, Raw.f32(diffDst, i), (Raw.f32(src, i) - mean) * invStd);
        }
    }

    private void affine(long src, long diffDst, long own, int group) {
        long gamma = Raw.i64(own, 0);
        long diffSrc = Raw.i64(own, 3);
        for (int r = 0; r < group; r++) {
            long row = (long) r * cols * 4;
            float mean = Raw.f32(Raw.i64(own, 1), r);
            float invStd = Raw.f32(Raw.i64(own, 2), r);
            float sum = Raw.f32(own, NUMBERS + r);
            float product = -Raw.f32(own, NUMBERS + SimdLayerNorm.ROWS + r);
            for (int i = 0; i < whole; i += Lanes.COUNT) {
                long at = i * 4L;
                FloatVector normal = load(src + row + at).sub(splat(mean)).mul(splat(invStd));
                load(diffDst + row + at)
                        .mul(load(gamma + at))
                        .sub(splat(sum))
                        .add(normal.mul(splat(product)))
                        .mul(splat(invStd))
                        .intoMemorySegment(Raw.MEMORY, diffSrc + row + at, Lanes.ORDER);
            }
            for (int i = whole; i < cols; i++) {
                float normal = (Raw.f32(src + row, i) - mean) * invStd;
                float g = Raw.f32(diffDst + row, i) * Raw.f32(gamma, i);
                Raw.f32(diffSrc + row, i, (g - sum + normal * product) * invStd);
            }
        }
    }

    private void plain(long src, long diffDst, long own, int group) {
        long diffSrc = Raw.i64(own, 3);
        for (int r = 0; r < group; r++) {
            long row = (long) r * cols * 4;
            float mean = Raw.f32(Raw.i64(own, 1), r);
            float invStd = Raw.f32(Raw.i64(own, 2), r);
            float sum = Raw.f32(own, NUMBERS + r);
            float product = -Raw.f32(own, NUMBERS + SimdLayerNorm.ROWS + r);
            for (int i = 0; i < whole; i += Lanes.COUNT) {
                long at = row + i * 4L;
                FloatVector normal = load(src + at).sub(splat(mean)).mul(splat(invStd));
                load(diffDst + at)
                        .sub(splat(sum))
                        .add(normal.mul(splat(product)))
                        .mul(splat(invStd))
                        .intoMemorySegment(Raw.MEMORY, diffSrc + at, Lanes.ORDER);
            }
            for (int i = whole; i < cols; i++) {
                float normal = (Raw.f32(src + row, i) - mean) * invStd;
                Raw.f32(diffSrc + row, i, (Raw.f32(diffDst + row, i) - sum + normal * product) * invStd);
            }
        }
    }
}
