package io.gatun.simd;

import io.gatun.memory.Raw;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Puts the pieces' sums of {@link BatchNormSums} together in double, piece after piece: sums of x - p and of its square, p
 * being the first piece's pivot, from those by the piece's own pivot p' with s = p' - p: sum(x - p) = sum(x - p') + n s
 * and sum((x - p)^2) = sum((x - p')^2) + s (2 sum(x - p') + n s) (Chan, Golub and LeVeque 1983).
 */
final class BatchNormMoments {
    private static final VectorSpecies<Double> D = VectorSpecies.of(double.class, Lanes.F.vectorShape());

    private final BatchNormRows cut;
    private final BatchNormTable table;

    BatchNormMoments(BatchNormRows cut, BatchNormTable table) {
        this.cut = cut;
        this.table = table;
    }

    /**
     * Of lanes {@code from} to {@code to}, {@code from} the first of a vector: sums to {@code sums}, squares behind them. A
     * piece after the other, as the tables lie in memory.
     */
    void put(long tables, int from, int to, long sums) {
        all(tables, from, to, sums, true);
    }

    /** The same where all pivots are one: plain sums of both numbers, of which an infinite one stays infinite. */
    void add(long tables, int from, int to, long sums) {
        all(tables, from, to, sums, false);
    }

    private void all(long tables, int from, int to, long sums, boolean moves) {
        int whole = Math.min(to, table.whole());
        for (int lane = from; lane < to; lane++) {
            Raw.f64(sums, lane, 0);
            Raw.f64(sums, (long) table.lanes() + lane, 0);
        }
        long far = 8L * table.lanes();
        long skip = from / Lanes.COUNT * BatchNormTable.RECORD;
        for (int piece = 0; piece < cut.pieces(); piece++) {
            long at = tables + piece * table.bytes();
            double rows = (double) cut.length(piece) / cut.folded();
            if (moves) {
                flatMoved(at + skip, tables + skip, sums + 8L * from, far, rows, whole - from);
            } else {
                flat(at + skip, sums + 8L * from, far, whole - from);
            }
            for (int lane = Math.max(from, whole); lane < to; lane++) {
                one(at, tables, lane, moves, rows, sums);
            }
        }
    }

    private static void flat(long at, long sums, long far, int lanes) {
        for (long end = sums + 8L * lanes; sums < end; sums += 2 * Lanes.BYTES) {
            add(sums, doubles(at + Lanes.BYTES));
            add(sums + Lanes.BYTES, doubles(at + 3 * Lanes.BYTES / 2));
            add(sums + far, doubles(at + 2 * Lanes.BYTES));
            add(sums + far + Lanes.BYTES, doubles(at + 5 * Lanes.BYTES / 2));
            at += BatchNormTable.RECORD;
        }
    }

    private static void flatMoved(long at, long first, long sums, long far, double rows, int lanes) {
        for (long end = sums + 8L * lanes; sums < end; sums += 2 * Lanes.BYTES) {
            half(at, first, rows, sums, far);
            half(at + Lanes.BYTES / 2, first + Lanes.BYTES / 2, rows, sums + Lanes.BYTES, far);
            at += BatchNormTable.RECORD;
            first += BatchNormTable.RECORD;
        }
    }

    private static void half(long at, long first, double rows, long to, long far) {
        DoubleVector moved = doubles(at).sub(doubles(first));
        DoubleVector sum = doubles(at + Lanes.BYTES);
        DoubleVector all = moved.mul(rows).add(sum);
        add(to, all);
        add(to + far, all.add(sum).mul(moved).add(doubles(at + 2 * Lanes.BYTES)));
    }

    private static void add(long to, DoubleVector more) {
        DoubleVector.fromMemorySegment(D, Raw.MEMORY, to, Lanes.ORDER)
                .add(more)
                .intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
    }

    private void one(long at, long first, int lane, boolean moves, double rows, long sums) {
        double moved = moves ? (double) table.get(at, 0, lane) - table.get(first, 0, lane) : 0;
        double sum = table.get(at, 1, lane);
        double all = moves ? moved * rows + sum : sum;
        double square = table.get(at, 2, lane);
        long squares = (long) table.lanes() + lane;
        Raw.f64(sums, lane, Raw.f64(sums, lane) + all);
        Raw.f64(sums, squares, Raw.f64(sums, squares) + (moves ? (all + sum) * moved + square : square));
    }

    /**
     * The first half of the vector there; scratch memory has room behind the last. The upper half of a vector is converted by way
     * of a permutation on the heap, and vectors of half the size would make C2 guess the class of every float vector in
     * methods so large that it inlines late: those then met objects (seen in products and convolutions).
     */
    private static DoubleVector doubles(long at) {
        return (DoubleVector) Lanes.load(at).convertShape(VectorOperators.F2D, D, 0);
    }
}
