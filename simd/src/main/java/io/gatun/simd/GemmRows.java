package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GemmSpec;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Up to four vectors times a matrix whose rows run across k: the results are sums of its rows, bound by reading the
 * matrix once. The matrix is B as stored and the vectors are rows of A, or (A transposed) the other way round.
 *
 * <p>A piece is {@value #COLUMNS} columns: its results stay in L1 while the rows stream by, some at a time, each as
 * 2 KB in a row. (One vector of columns and all of k, as the tiles of {@link SimdGemm} have it, would be a new page for
 * every 64 to 256 bytes.) A result is one chain of fma over all of k, whatever the vector width.
 */
final class GemmRows implements Kernel {
    private static final int FEW = 4;
    private static final int FEWEST_COLUMNS = 64;
    private static final int COLUMNS = 512;

    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private final GemmSpec spec;
    private final Workers workers;
    private final TileWriter writer;
    private final boolean matrixIsB;
    private final int columns;
    private final int few;
    private final int columnsPerPiece;
    private final int piecesPerMatrix;
    private final int cSlot;
    private final Task task = this::piece;

    GemmRows(GemmSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.writer = new TileWriter(spec.alpha(), spec.beta(), spec.activation());
        this.matrixIsB = fewRows(spec);
        this.columns = matrixIsB ? spec.n() : spec.m();
        this.few = matrixIsB ? spec.m() : spec.n();
        this.columnsPerPiece = Math.min(COLUMNS, Math.ceilDiv(Math.ceilDiv(columns, 4), 64) * 64);
        this.piecesPerMatrix = Math.ceilDiv(columns, columnsPerPiece);
        this.cSlot = spec.bias() ? 3 : 2;
    }

    static boolean suits(GemmSpec spec) {
        return spec.k() >= 1 && spec.batch() > 0 && (fewRows(spec) || fewColumns(spec));
    }

    private static boolean fewRows(GemmSpec spec) {
        return !spec.transB() && spec.m() >= 1 && spec.m() <= FEW && spec.n() >= FEWEST_COLUMNS;
    }

    private static boolean fewColumns(GemmSpec spec) {
        return spec.transA() && spec.n() >= 1 && spec.n() <= FEW && spec.m() >= FEWEST_COLUMNS;
    }

    @Override
    public String implementation() {
        return "simd:gemm rows " + F.vectorBitSize() + " bit";
    }

    /** Each worker: four rows of sums, and one that an activation may use. */
    @Override
    public long scratchBytes() {
        return workers.threads() * workerBytes();
    }

    private long workerBytes() {
        return (FEW + 1) * 4L * columnsPerPiece;
    }

    @Override
    public void execute(long[] frame) {
        workers.run(spec.batch() * piecesPerMatrix, task, frame);
    }

    private void piece(long[] frame, int piece, int worker) {
        int batch = piece / piecesPerMatrix;
        int column = piece % piecesPerMatrix * columnsPerPiece;
        int count = Math.min(columnsPerPiece, columns - column);
        long a = frame[0] + 4 * batch * spec.strideA();
        long b = frame[1] + 4 * batch * spec.strideB();
        long sums = frame[cSlot + 1] + worker * workerBytes();
        long matrix = (matrixIsB ? b : a) + 4L * column;
        long matrixRow = 4L * (matrixIsB ? spec.ldb() : spec.lda());
        long vectors = matrixIsB ? a : b;
        boolean alongK = matrixIsB ? !spec.transA() : spec.transB();
        long ld = 4L * (matrixIsB ? spec.lda() : spec.ldb());
        long vectorRow = alongK ? ld : 4;
        long step = alongK ? 4 : ld;
        Pack.zero(sums, FEW * columnsPerPiece);
        int k = 0;
        // The last vector of columns ends with the matrix; it has its place in the sums to itself.
        int last = columns - column - Lanes.COUNT;
        if (few == 1) {
            for (; k + 8 <= spec.k(); k += 8) {
                eight(matrix + k * matrixRow, matrixRow, count, last, vectors + k * step, step, sums);
            }
        } else {
            long x1 = vectors + vectorRow;
            long x2 = vectors + Math.min(2, few - 1) * vectorRow;
            long x3 = vectors + (few - 1) * vectorRow;
            long next = 4L * columnsPerPiece;
            for (; k + 4 <= spec.k(); k += 4) {
                long at = k * step;
                long from = matrix + k * matrixRow;
                four(from, matrixRow, count, last, vectors + at, x1 + at, step, sums, next);
                if (few > 2) {
                    four(from, matrixRow, count, last, x2 + at, x3 + at, step, sums + 2 * next, next);
                }
            }
        }
        for (; k < spec.k(); k++) {
            for (int v = 0; v < few; v++) {
                float x = Raw.f32(vectors + v * vectorRow + k * step, 0);
                add(matrix + k * matrixRow, count, last, x, sums + 4L * v * columnsPerPiece);
            }
        }
        write(frame, batch, column, count, sums);
    }

    /** Moves the sums of the last columns to their places, and writes C. */
    private void write(long[] frame, int batch, int column, int count, long sums) {
        long cRow = 4L * spec.ldc();
        long c = frame[cSlot] + 4 * batch * spec.strideC();
        long bias = spec.bias() ? frame[2] : 0;
        long temporary = sums + 4L * FEW * columnsPerPiece;
        int whole = F.loopBound(count);
        for (int v = 0; v < few; v++) {
            long row = sums + 4L * v * columnsPerPiece;
            for (int i = whole; i < count; i++) {
                Raw.f32(row, i, Raw.f32(row, i + Lanes.COUNT - (count - whole)));
            }
            for (int i = 0; i < count; i++) {
                int at = matrixIsB ? column + i : v;
                long to = c + (matrixIsB ? v : column + i) * cRow + 4L * at;
                writer.one(Raw.f32(row, i), to, bias == 0 ? 0 : bias + 4L * at);
            }
        }
        if (matrixIsB) {
            writer.activate(c + 4L * column, cRow, few, count, temporary);
        } else {
            writer.activate(c + column * cRow, cRow, count, few, temporary);
        }
    }

    /** sums += x·row. */
    private static void add(long row, int count, int last, float x, long sums) {
        for (int j = 0; j < count; j += Lanes.COUNT, sums += Lanes.BYTES) {
            fromMemorySegment(F, MEMORY, row + 4L * Math.min(j, last), ORDER)
                    .fma(broadcast(F, x), fromMemorySegment(F, MEMORY, sums, ORDER))
                    .intoMemorySegment(MEMORY, sums, ORDER);
        }
    }

    /** Eight rows, one vector: 9 loads and a store for 8 FMAs. */
    private static void eight(long rows, long row, int count, int last, long x, long step, long sums) {
        FloatVector x0 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x));
        FloatVector x1 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x + step));
        FloatVector x2 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x + 2 * step));
        FloatVector x3 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x + 3 * step));
        FloatVector x4 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x + 4 * step));
        FloatVector x5 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x + 5 * step));
        FloatVector x6 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x + 6 * step));
        FloatVector x7 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x + 7 * step));
        for (int j = 0; j < count; j += Lanes.COUNT, sums += Lanes.BYTES) {
            long a = rows + 4L * Math.min(j, last);
            long b = a + 4 * row;
            FloatVector sum = fromMemorySegment(F, MEMORY, sums, ORDER);
            sum = fromMemorySegment(F, MEMORY, a, ORDER).fma(x0, sum);
            sum = fromMemorySegment(F, MEMORY, a + row, ORDER).fma(x1, sum);
            sum = fromMemorySegment(F, MEMORY, a + 2 * row, ORDER).fma(x2, sum);
            sum = fromMemorySegment(F, MEMORY, a + 3 * row, ORDER).fma(x3, sum);
            sum = fromMemorySegment(F, MEMORY, b, ORDER).fma(x4, sum);
            sum = fromMemorySegment(F, MEMORY, b + row, ORDER).fma(x5, sum);
            sum = fromMemorySegment(F, MEMORY, b + 2 * row, ORDER).fma(x6, sum);
            sum = fromMemorySegment(F, MEMORY, b + 3 * row, ORDER).fma(x7, sum);
            sum.intoMemorySegment(MEMORY, sums, ORDER);
        }
    }

    /**
     * Four rows, two vectors: 6 loads and 2 stores for 8 FMAs; four vectors are two passes over 8 KB in L1. With 16
     * factors for all four at once C2 leaves vectors on the heap: at AVX2 always, at 512 bits by the JVM's history.
     */
    private static void four(
            long rows, long row, int count, int last, long x, long y, long step, long sums, long sumRow) {
        FloatVector x0 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x));
        FloatVector x1 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x + step));
        FloatVector x2 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x + 2 * step));
        FloatVector x3 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, x + 3 * step));
        FloatVector y0 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, y));
        FloatVector y1 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, y + step));
        FloatVector y2 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, y + 2 * step));
        FloatVector y3 = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, y + 3 * step));
        for (int j = 0; j < count; j += Lanes.COUNT, sums += Lanes.BYTES) {
            long at = rows + 4L * Math.min(j, last);
            FloatVector a = fromMemorySegment(F, MEMORY, at, ORDER);
            FloatVector b = fromMemorySegment(F, MEMORY, at + row, ORDER);
            FloatVector c = fromMemorySegment(F, MEMORY, at + 2 * row, ORDER);
            FloatVector d = fromMemorySegment(F, MEMORY, at + 3 * row, ORDER);
            d.fma(x3, c.fma(x2, b.fma(x1, a.fma(x0, fromMemorySegment(F, MEMORY, sums, ORDER)))))
                    .intoMemorySegment(MEMORY, sums, ORDER);
            d.fma(y3, c.fma(y2, b.fma(y1, a.fma(y0, fromMemorySegment(F, MEMORY, sums + sumRow, ORDER)))))
                    .intoMemorySegment(MEMORY, sums + sumRow, ORDER);
        }
    }
}
