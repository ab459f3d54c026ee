package io.gatun.simd;

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
 * Matrix times a few vectors where k lies along the rows of the matrix: dot products, bound by reading the matrix once.
 * The matrix is A as stored and the vectors are columns of B, or (B transposed) the other way round.
 *
 * <p>A sum is {@value #LANES} interleaved chains of fma, whatever the vector width, added as a tree: the bits are the
 * same at every width.
 */
final class GemmDot implements Kernel {
    /** Partial sums: four vectors at 512 bits, enough chains for 4 cycles of latency on one port and for memory. */
    private static final int LANES = 64;

    private static final int FEW = 4;
    private static final int LONG = 64;

    /** Bytes of the matrix that are worth a hand-over to another thread. */
    private static final long PIECE_BYTES = 128 * 1024;

    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;
    private static final long V2 = 2 * Lanes.BYTES;
    private static final long V3 = 3 * Lanes.BYTES;

    private final GemmSpec spec;
    private final Workers workers;
    private final TileWriter writer;
    private final boolean matrixIsA;
    private final int rows;
    private final int few;
    private final int rowsPerPiece;
    private final int piecesPerMatrix;
    private final int cSlot;
    private final Task task = this::piece;

    GemmDot(GemmSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.writer = new TileWriter(spec.alpha(), spec.beta(), spec.activation());
        this.matrixIsA = fewColumns(spec);
        this.rows = matrixIsA ? spec.m() : spec.n();
        this.few = matrixIsA ? spec.n() : spec.m();
        this.rowsPerPiece = Math.clamp(PIECE_BYTES / (4L * spec.k()), 1, rows);
        this.piecesPerMatrix = Math.ceilDiv(rows, rowsPerPiece);
        this.cSlot = spec.bias() ? 3 : 2;
    }

    static boolean suits(GemmSpec spec) {
        return spec.k() >= LONG && spec.batch() > 0 && (fewColumns(spec) || fewRows(spec));
    }

    private static boolean fewColumns(GemmSpec spec) {
        return !spec.transA() && spec.n() >= 1 && spec.n() <= FEW && spec.m() >= 1;
    }

    private static boolean fewRows(GemmSpec spec) {
        return spec.transB() && spec.m() >= 1 && spec.m() <= FEW && spec.n() >= 1;
    }

    @Override
    public String implementation() {
        return "simd:gemm dot " + F.vectorBitSize() + " bit";
    }

    /** Each worker: the vectors, lying along k, and the partial sums. */
    @Override
    public long scratchBytes() {
        return workers.threads() * workerBytes();
    }

    private long workerBytes() {
        return 4L * LANES + Math.ceilDiv(4L * few * spec.k() + 4, 64) * 64;
    }

    @Override
    public void execute(long[] frame) {
        workers.run(spec.batch() * piecesPerMatrix, task, frame);
    }

    private void piece(long[] frame, int piece, int worker) {
        int batch = piece / piecesPerMatrix;
        int row = piece % piecesPerMatrix * rowsPerPiece;
        int count = Math.min(rowsPerPiece, rows - row);
        long sums = frame[cSlot + 1] + worker * workerBytes();
        long vectors = sums + 4L * LANES;
        long a = frame[0] + 4 * batch * spec.strideA();
        long b = frame[1] + 4 * batch * spec.strideB();
        gather(matrixIsA ? b : a, vectors);
        long matrixRow = 4L * (matrixIsA ? spec.lda() : spec.ldb());
        long matrix = (matrixIsA ? a : b) + row * matrixRow;
        long c = frame[cSlot] + 4 * batch * spec.strideC();
        long cRow = 4L * spec.ldc();
        for (int r = row; r < row + count; r++, matrix += matrixRow) {
            for (int v = 0; v < few; v++) {
                dot(matrix, vectors + 4L * v * spec.k(), spec.k(), sums);
                int column = matrixIsA ? v : r;
                long bias = spec.bias() ? frame[2] + 4L * column : 0;
                writer.write(sums, 0, c + (matrixIsA ? r : v) * cRow + 4L * column, 0, 1, 1, bias, true, true);
            }
        }
    }

    /** The vectors one behind the other: columns of B, or rows of A, whichever way they are stored. */
    private void gather(long from, long to) {
        boolean alongK = matrixIsA ? spec.transB() : !spec.transA();
        long stride = 4L * (matrixIsA ? spec.ldb() : spec.lda());
        for (int v = 0; v < few; v++) {
            for (int k = 0; k < spec.k(); k++) {
                float x = alongK ? Raw.f32(from + v * stride, k) : Raw.f32(from + k * stride, v);
                Raw.f32(to, (long) v * spec.k() + k, x);
            }
        }
    }

    /** sums[0] = Σ x[i]·y[i]. */
    private static void dot(long x, long y, int k, long sums) {
        int whole = k / LANES * LANES;
        for (long strip = 0; strip < 4L * LANES; strip += 4 * Lanes.BYTES) {
            strip(x + strip, y + strip, whole, sums + strip);
        }
        for (int i = whole; i < k; i++) {
            Raw.f32(sums, i - whole, Math.fma(Raw.f32(x, i), Raw.f32(y, i), Raw.f32(sums, i - whole)));
        }
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                Raw.f32(sums, i, Raw.f32(sums, i) + Raw.f32(sums, half + i));
            }
        }
    }

    /** The partial sums of four vectors of lanes. */
    private static void strip(long x, long y, int whole, long sums) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = FloatVector.zero(F);
        FloatVector s2 = FloatVector.zero(F);
        FloatVector s3 = FloatVector.zero(F);
        for (long end = x + 4L * whole; x < end; x += 4 * LANES, y += 4 * LANES) {
            s0 = fromMemorySegment(F, MEMORY, x, ORDER).fma(fromMemorySegment(F, MEMORY, y, ORDER), s0);
            s1 = fromMemorySegment(F, MEMORY, x + V1, ORDER).fma(fromMemorySegment(F, MEMORY, y + V1, ORDER), s1);
            s2 = fromMemorySegment(F, MEMORY, x + V2, ORDER).fma(fromMemorySegment(F, MEMORY, y + V2, ORDER), s2);
            s3 = fromMemorySegment(F, MEMORY, x + V3, ORDER).fma(fromMemorySegment(F, MEMORY, y + V3, ORDER), s3);
        }
        s0.intoMemorySegment(MEMORY, sums, ORDER);
        s1.intoMemorySegment(MEMORY, sums + V1, ORDER);
        s2.intoMemorySegment(MEMORY, sums + V2, ORDER);
        s3.intoMemorySegment(MEMORY, sums + V3, ORDER);
    }
}
