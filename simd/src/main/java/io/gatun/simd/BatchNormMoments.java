package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
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

    /** Of lanes {@code from} to {@code to}, {@code from} the first of a vector: sums to {@code sums}, squares behind them. */
    void put(long tables, int from, int to, long sums) {
        int whole = Math.min(to, table.whole());
        long squares = sums + 8L * table.lanes();
        int last = cut.pieces() - 1;
        double rows = (double) cut.piece() / cut.folded();
        double lastRows = (double) cut.length(last) / cut.folded();
        for (int lane = from; lane < whole; lane += Lanes.COUNT) {
            long at = tables + lane / Lanes.COUNT * BatchNormTable.RECORD;
            flat(at, table.bytes(), last, rows, lastRows, sums + 8L * lane, squares + 8L * lane);
        }
        for (int lane = Math.max(from, whole); lane < to; lane++) {
            one(tables, lane, last, rows, lastRows, sums, squares);
        }
    }

    private static void flat(
            long table, long next, int last, double rows, double lastRows, long sums, long squares) {
        FloatVector first = load(table);
        DoubleVector p0 = part(first, 0);
        DoubleVector p1 = part(first, 1);
        DoubleVector s0 = DoubleVector.zero(D);
        DoubleVector s1 = s0;
        DoubleVector q0 = s0;
        DoubleVector q1 = s0;
        for (int piece = 0; piece <= last; piece++, table += next) {
            double n = piece < last ? rows : lastRows;
            FloatVector pivot = load(table);
            FloatVector sum = load(table + Lanes.BYTES);
            FloatVector square = load(table + 2 * Lanes.BYTES);
            DoubleVector far0 = part(pivot, 0).sub(p0);
            DoubleVector far1 = part(pivot, 1).sub(p1);
            DoubleVector sum0 = part(sum, 0);
            DoubleVector sum1 = part(sum, 1);
            DoubleVector moved0 = far0.mul(n).add(sum0);
            DoubleVector moved1 = far1.mul(n).add(sum1);
            s0 = s0.add(moved0);
            s1 = s1.add(moved1);
            q0 = q0.add(moved0.add(sum0).mul(far0).add(part(square, 0)));
            q1 = q1.add(moved1.add(sum1).mul(far1).add(part(square, 1)));
        }
        s0.intoMemorySegment(Raw.MEMORY, sums, Lanes.ORDER);
        s1.intoMemorySegment(Raw.MEMORY, sums + Lanes.BYTES, Lanes.ORDER);
        q0.intoMemorySegment(Raw.MEMORY, squares, Lanes.ORDER);
        q1.intoMemorySegment(Raw.MEMORY, squares + Lanes.BYTES, Lanes.ORDER);
    }

    private static DoubleVector part(FloatVector floats, int half) {
        return (DoubleVector) floats.convertShape(VectorOperators.F2D, D, half);
    }

    private void one(long tables, int lane, int last, double rows, double lastRows, long sums, long squares) {
        double first = table.get(tables, 0, lane);
        double s = 0;
        double q = 0;
        for (int piece = 0; piece <= last; piece++) {
            long at = tables + piece * table.bytes();
            double far = table.get(at, 0, lane) - first;
            double sum = table.get(at, 1, lane);
            double moved = far * (piece < last ? rows : lastRows) + sum;
            s += moved;
            q += (moved + sum) * far + table.get(at, 2, lane);
        }
        Raw.f64(sums, lane, s);
        Raw.f64(squares, lane, q);
    }
}
