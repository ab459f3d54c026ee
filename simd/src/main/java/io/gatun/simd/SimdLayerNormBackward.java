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
    private static final int WAYS = SimdLayerNorm.WAYS;
    private static final int BLOCK = SimdLayerNorm.BLOCK;

    private static final int PIECES = 64;

    /** Rows of a piece at least, so that the pieces' sums are at most a quarter of the tensor. */
    private static final int FEWEST = 8;

    /** Rows whose sum down a column is one chain of additions. */
    private static final int CHAIN = 64;

    // A thread's scratch memory, in floats: four addresses; mean(g) and mean(g x^) of each row; running sums; two
    // columns' sums.
    private static final int NUMBERS = 16;
    private static final int SUMS = NUMBERS + 2 * SimdLayerNorm.ROWS;

    private final boolean affine;
    private final int cols;
    private final int whole;
    private final int blocks;
    private final int rows;
    private final int columns;
    private final int mean;
    private final int scratch;
    private final double share;
    private final RowPieces cut;
    private final Workers workers;
    private final Task columnSums = this::columnSums;
    private final RowLoop sums;
    private final RowLoop results;

    SimdLayerNormBackward(GroupNormSpec spec, Workers workers) {
        this.workers = workers;
        this.affine = spec.affine();
        this.cols = spec.c();
        this.whole = Lanes.F.loopBound(cols);
        this.blocks = (cols + BLOCK - 1) / BLOCK;
        this.rows = Math.clamp(SimdLayerNorm.GROUP / cols, 1, SimdLayerNorm.ROWS);
        this.columns = SUMS + 2 * blocks * WAYS;
        this.mean = affine ? 3 : 2;
        this.scratch = spec.operands().size();
        this.share = 1.0 / cols;
        long perPiece = Math.max(Math.ceilDiv(spec.n(), PIECES), Math.max(FEWEST, Elementwise.PIECE / cols));
        this.cut = new RowPieces(spec.n(), perPiece);
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
            sums.run(frame[0] + at, frame[1] + at, own, group);
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

    /** The row's sums of g and of g x^ are complete: their means to where the second pass finds them. */
    private void fold(long own, int row) {
        double sum = 0;
        double products = 0;
        for (int block = 0; block < blocks; block++) {
            sum += Sums.fold(own + (SUMS + 2 * block * WAYS) * 4L);
            products += Sums.fold(own + (SUMS + (2 * block + 1) * WAYS) * 4L);
        }
        Raw.f32(own, NUMBERS + 2 * row, (float) (sum * share));
        Raw.f32(own, NUMBERS + 2 * row + 1, (float) (products * share));
    }

    private void affineSums(long src, long diffDst, long own, int group) {
        long gamma = Raw.i64(own, 0);
        long toGamma = own + 4L * columns;
        long toBeta = toGamma + 4L * cols;
        for (int r = 0; r < group; r++) {
            long row = (long) r * cols * 4;
            float mean = Raw.f32(Raw.i64(own, 1), r);
            float invStd = Raw.f32(Raw.i64(own, 2), r);
            for (int block = 0; block < blocks; block++) {
                int end = Math.min(whole, (block + 1) * BLOCK);
                long to = own + (SUMS + 2 * block * WAYS) * 4L;
                for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                    FloatVector sum = splat(0f);
                    FloatVector products = splat(0f);
                    for (int i = block * BLOCK + way; i < end; i += WAYS) {
                        long at = i * 4L;
                        FloatVector g = load(diffDst + row + at);
                        FloatVector normal =
                                load(src + row + at).sub(splat(mean)).mul(splat(invStd));
                        load(toBeta + at).add(g).intoMemorySegment(Raw.MEMORY, toBeta + at, Lanes.ORDER);
                        g.fma(normal, load(toGamma + at)).intoMemorySegment(Raw.MEMORY, toGamma + at, Lanes.ORDER);
                        FloatVector scaled = g.mul(load(gamma + at));
                        sum = sum.add(scaled);
                        products = scaled.fma(normal, products);
                    }
                    sum.intoMemorySegment(Raw.MEMORY, to + way * 4L, Lanes.ORDER);
                    products.intoMemorySegment(Raw.MEMORY, to + (WAYS + way) * 4L, Lanes.ORDER);
                }
            }
            long last = own + (SUMS + 2 * (blocks - 1) * WAYS) * 4L;
            for (int i = whole; i < cols; i++) {
                float g = Raw.f32(diffDst + row, i);
                float normal = (Raw.f32(src + row, i) - mean) * invStd;
                Raw.f32(toBeta, i, Raw.f32(toBeta, i) + g);
                Raw.f32(toGamma, i, Math.fma(g, normal, Raw.f32(toGamma, i)));
                one(last, i % WAYS, g * Raw.f32(gamma, i), normal);
            }
            fold(own, r);
        }
    }

    private static void one(long sums, int way, float g, float normal) {
        Raw.f32(sums, way, Raw.f32(sums, way) + g);
        Raw.f32(sums, WAYS + way, Math.fma(g, normal, Raw.f32(sums, WAYS + way)));
    }

    private void sums(long src, long diffDst, long own, int group) {
        for (int r = 0; r < group; r++) {
            long row = (long) r * cols * 4;
            float mean = Raw.f32(Raw.i64(own, 1), r);
            float invStd = Raw.f32(Raw.i64(own, 2), r);
            for (int block = 0; block < blocks; block++) {
                int end = Math.min(whole, (block + 1) * BLOCK);
                long to = own + (SUMS + 2 * block * WAYS) * 4L;
                for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                    FloatVector sum = splat(0f);
                    FloatVector products = splat(0f);
                    for (int i = block * BLOCK + way; i < end; i += WAYS) {
                        FloatVector g = load(diffDst + row + i * 4L);
                        FloatVector normal =
                                load(src + row + i * 4L).sub(splat(mean)).mul(splat(invStd));
                        sum = sum.add(g);
                        products = g.fma(normal, products);
                    }
                    sum.intoMemorySegment(Raw.MEMORY, to + way * 4L, Lanes.ORDER);
                    products.intoMemorySegment(Raw.MEMORY, to + (WAYS + way) * 4L, Lanes.ORDER);
                }
            }
            long last = own + (SUMS + 2 * (blocks - 1) * WAYS) * 4L;
            for (int i = whole; i < cols; i++) {
                one(last, i % WAYS, Raw.f32(diffDst + row, i), (Raw.f32(src + row, i) - mean) * invStd);
            }
            fold(own, r);
        }
    }

    private void affine(long src, long diffDst, long own, int group) {
        long gamma = Raw.i64(own, 0);
        long diffSrc = Raw.i64(own, 3);
        for (int r = 0; r < group; r++) {
            long row = (long) r * cols * 4;
            float mean = Raw.f32(Raw.i64(own, 1), r);
            float invStd = Raw.f32(Raw.i64(own, 2), r);
            float sum = Raw.f32(own, NUMBERS + 2 * r);
            float product = -Raw.f32(own, NUMBERS + 2 * r + 1);
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
            float sum = Raw.f32(own, NUMBERS + 2 * r);
            float product = -Raw.f32(own, NUMBERS + 2 * r + 1);
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
