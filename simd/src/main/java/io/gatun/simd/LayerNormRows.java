package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.Pass;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Layer norm forward of narrow rows, {@value #ROWS} at a time, so that what a row costs beside its few vectors costs less: a
 * fold is 4 or 5 instructions a row ({@link FoldRows}), and the divisions and roots in double do not wait for each other. The
 * passes are {@link SimdLayerNorm}'s; the tree of a row's sums is that of {@link Sums},
 * whatever the vector width.
 */
final class LayerNormRows implements Kernel, Task {
    /** Rows at a time: the lanes of the widest vector. */
    private static final int ROWS = 16;

    /**
     * 4096 rows of 64 columns are 1.36 times as fast as by {@link SimdLayerNorm} on one Zen 5 core, of 128 1.40, of 256 1.54, of
     * 512 1.26 times. At 768 it was 0.93: the rows of a group leave L1 there, and their folds are little beside them.
     */
    private static final int WIDEST = 512;

    private static final int WAYS = 16;

    // A thread's scratch memory, in floats: two addresses; for each row its sum, the sums of its distances to that mean
    // and of their squares; mean, 1 / sd and shift; a vector of running sums for each row, and of squares.
    private static final int SUM = 16;
    private static final int MOVED = SUM + ROWS;
    private static final int SQUARES = MOVED + ROWS;
    private static final int MEAN = SQUARES + ROWS;
    private static final int SCALE = MEAN + ROWS;
    private static final int SHIFT = SCALE + ROWS;
    private static final int LANES = SHIFT + ROWS;
    private static final int FLOATS = LANES + 2 * ROWS * 16;

    private final GroupNormSpec spec;
    private final int cols;
    private final long row;
    private final int sixteens;
    private final int whole;
    private final int dst;
    private final int scratch;
    private final float share;
    private final RowPieces cut;
    private final Workers workers;
    private final RowLoop values = new RowLoop(MethodHandles.lookup(), this, "values");
    private final RowLoop moments = new RowLoop(MethodHandles.lookup(), this, "moments");
    private final RowLoop results;

    LayerNormRows(GroupNormSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.cols = spec.c();
        this.row = 4L * cols;
        this.sixteens = cols - cols % WAYS;
        this.whole = Lanes.F.loopBound(cols);
        this.dst = spec.affine() ? 3 : 1;
        this.scratch = spec.operands().size();
        this.share = 1f / cols;
        long perPiece = RowPieces.of(spec.n(), cols).rowsPerPiece();
        this.cut = new RowPieces(spec.n(), Math.ceilDiv(perPiece, ROWS) * ROWS);
        this.results = new RowLoop(MethodHandles.lookup(), this, spec.affine() ? "affine" : "plain");
    }

    static boolean suits(GroupNormSpec spec) {
        return spec.c() <= WIDEST;
    }

    @Override
    public String implementation() {
        return "simd:layernorm rows";
    }

    @Override
    public long scratchBytes() {
        return workers.threads() * 4L * FLOATS;
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(cut.count(), this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long own = frame[scratch] + worker * 4L * FLOATS;
        if (spec.affine()) {
            Raw.i64(own, 0, frame[1]);
            Raw.i64(own, 1, frame[2]);
        }
        long end = cut.end(index);
        for (long from = cut.first(index); from < end; from += ROWS) {
            rows(frame, from, (int) Math.min(ROWS, end - from), own);
        }
    }

    /** Where they are fewer than {@link #ROWS}, the lanes of the others hold anything. */
    private void rows(long[] frame, long first, int count, long own) {
        long src = frame[0] + first * row;
        long lanes = own + 4L * LANES;
        values.run(src, own, lanes, count);
        RowTotals.folded(lanes, ROWS, own + 4L * SUM);
        if (sixteens < cols) {
            lastValues(src, own, count);
        }
        moments.run(src, own, lanes, count);
        RowTotals.folded(lanes, 2 * ROWS, own + 4L * MOVED);
        if (sixteens < cols) {
            lastMoments(src, own, count);
        }
        statistics(own, count);
        if (spec.pass() == Pass.TRAINING) {
            Pack.move(own + 4L * MEAN, frame[dst + 1] + 4 * first, count);
            Pack.move(own + 4L * SCALE, frame[dst + 2] + 4 * first, count);
        }
        results.run(src, own, frame[dst] + first * row, count);
    }

    private void values(long src, long own, long lanes, int rows) {
        for (int r = 0; r < rows; r++) {
            long x = src + r * row;
            FloatVector s0 = splat(0f);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            for (long end = x + 4L * sixteens; x < end; x += 4 * WAYS) {
                s0 = s0.add(load(x));
                if (Lanes.COUNT <= 8) {
                    s1 = s1.add(load(x + Lanes.BYTES));
                }
                if (Lanes.COUNT == 4) {
                    s2 = s2.add(load(x + 2 * Lanes.BYTES));
                    s3 = s3.add(load(x + 3 * Lanes.BYTES));
                }
            }
            Sums.runningTogether(s0, s1, s2, s3).intoMemorySegment(Raw.MEMORY, lanes + r * Lanes.BYTES, Lanes.ORDER);
        }
    }

    private void moments(long src, long own, long lanes, int rows) {
        for (int r = 0; r < rows; r++) {
            long x = src + r * row;
            FloatVector about = splat(Raw.f32(own, SUM + r) * share);
            FloatVector s0 = splat(0f);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            FloatVector q0 = s0;
            FloatVector q1 = s0;
            FloatVector q2 = s0;
            FloatVector q3 = s0;
            for (long end = x + 4L * sixteens; x < end; x += 4 * WAYS) {
                FloatVector d = load(x).sub(about);
                s0 = s0.add(d);
                q0 = d.fma(d, q0);
                if (Lanes.COUNT <= 8) {
                    d = load(x + Lanes.BYTES).sub(about);
                    s1 = s1.add(d);
                    q1 = d.fma(d, q1);
                }
                if (Lanes.COUNT == 4) {
                    d = load(x + 2 * Lanes.BYTES).sub(about);
                    s2 = s2.add(d);
                    q2 = d.fma(d, q2);
                    d = load(x + 3 * Lanes.BYTES).sub(about);
                    s3 = s3.add(d);
                    q3 = d.fma(d, q3);
                }
            }
            long to = lanes + r * Lanes.BYTES;
            Sums.runningTogether(s0, s1, s2, s3).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
            Sums.runningTogether(q0, q1, q2, q3).intoMemorySegment(Raw.MEMORY, to + ROWS * Lanes.BYTES, Lanes.ORDER);
        }
    }

    /** The last columns of all rows, one by one. */
    private void lastValues(long src, long own, int rows) {
        for (int r = 0; r < rows; r++) {
            float sum = Raw.f32(own, SUM + r);
            for (int i = sixteens; i < cols; i++) {
                sum += Raw.f32(src + r * row, i);
            }
            Raw.f32(own, SUM + r, sum);
        }
    }

    private void lastMoments(long src, long own, int rows) {
        for (int r = 0; r < rows; r++) {
            float about = Raw.f32(own, SUM + r) * share;
            float moved = Raw.f32(own, MOVED + r);
            float squares = Raw.f32(own, SQUARES + r);
            for (int i = sixteens; i < cols; i++) {
                float d = Raw.f32(src + r * row, i) - about;
                moved += d;
                squares = Math.fma(d, d, squares);
            }
            Raw.f32(own, MOVED + r, moved);
            Raw.f32(own, SQUARES + r, squares);
        }
    }

    /** In double: of a constant row of 1e8 float would leave a variance of the order of eps. */
    private void statistics(long own, int rows) {
        double whole = 1.0 / cols;
        for (int r = 0; r < rows; r++) {
            double off = Raw.f32(own, MOVED + r) * whole;
            double variance = Math.max(0, Raw.f32(own, SQUARES + r) * whole - off * off);
            double mean = Raw.f32(own, SUM + r) * share + off;
            double scale = 1 / Math.sqrt(variance + spec.eps());
            Raw.f32(own, MEAN + r, (float) mean);
            Raw.f32(own, SCALE + r, (float) scale);
            Raw.f32(own, SHIFT + r, (float) (((float) mean - mean) * scale));
        }
    }

    /** Two rows for each gamma and beta that is read; a last row alone is its own second. */
    private void affine(long src, long own, long dst, int rows) {
        long gamma = Raw.i64(own, 0);
        long beta = Raw.i64(own, 1);
        for (int r = 0; r < rows; r += 2) {
            int second = Math.min(r + 1, rows - 1);
            float mean0 = Raw.f32(own, MEAN + r);
            float mean1 = Raw.f32(own, MEAN + second);
            float scale0 = Raw.f32(own, SCALE + r);
            float scale1 = Raw.f32(own, SCALE + second);
            float shift0 = Raw.f32(own, SHIFT + r);
            float shift1 = Raw.f32(own, SHIFT + second);
            long x0 = src + r * row;
            long x1 = src + second * row;
            long y0 = dst + r * row;
            long y1 = dst + second * row;
            for (long at = 0; at < 4L * whole; at += Lanes.BYTES) {
                FloatVector weight = load(gamma + at);
                FloatVector bias = load(beta + at);
                load(x0 + at)
                        .sub(splat(mean0))
                        .fma(splat(scale0), splat(shift0))
                        .fma(weight, bias)
                        .intoMemorySegment(Raw.MEMORY, y0 + at, Lanes.ORDER);
                load(x1 + at)
                        .sub(splat(mean1))
                        .fma(splat(scale1), splat(shift1))
                        .fma(weight, bias)
                        .intoMemorySegment(Raw.MEMORY, y1 + at, Lanes.ORDER);
            }
            for (int i = whole; i < cols; i++) {
                float normal0 = Math.fma(Raw.f32(x0, i) - mean0, scale0, shift0);
                float normal1 = Math.fma(Raw.f32(x1, i) - mean1, scale1, shift1);
                Raw.f32(y0, i, Math.fma(normal0, Raw.f32(gamma, i), Raw.f32(beta, i)));
                Raw.f32(y1, i, Math.fma(normal1, Raw.f32(gamma, i), Raw.f32(beta, i)));
            }
        }
    }

    private void plain(long src, long own, long dst, int rows) {
        for (int r = 0; r < rows; r++) {
            float mean = Raw.f32(own, MEAN + r);
            float scale = Raw.f32(own, SCALE + r);
            float shift = Raw.f32(own, SHIFT + r);
            long x = src + r * row;
            long y = dst + r * row;
            for (long at = 0; at < 4L * whole; at += Lanes.BYTES) {
                load(x + at)
                        .sub(splat(mean))
                        .fma(splat(scale), splat(shift))
                        .intoMemorySegment(Raw.MEMORY, y + at, Lanes.ORDER);
            }
            for (int i = whole; i < cols; i++) {
                Raw.f32(y, i, Math.fma(Raw.f32(x, i) - mean, scale, shift));
            }
        }
    }
}
