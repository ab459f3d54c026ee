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
 * Matrix times few vectors where k lies along the rows of the matrix: dot products, bound by reading the matrix
 * once, 4 bytes for 2 to 8 floating-point operations. The matrix is A as stored and the vectors are columns of B, or (B
 * transposed) the other way round. Two rows go side by side: 12 loads for 16 FMAs. Four rows side by side are too many streams for the processor's prefetch, 0.6 times as
 * fast.
 *
 * <p>Up to {@value #MOST} vectors, of which four at a time meet a tile of the matrix in L1 or L2: then the multiply-adds are the bound,
 * and no column is computed that nobody wants, as tiles of 16 would for the 10 classes of a net's last layer.
 *
 * <p>A sum is {@value #LANES} interleaved chains of fma, whatever the vector width, added as a tree: the bits are the
 * same at every width.
 */
final class GemmDot implements Kernel {
    private static final int LANES = 32;
    private static final int FEW = 4;
    private static final int MOST = 16;
    private static final int ROWS = 2;

    /** Rows whose sums are kept over the blocks of k: 8 KB; even. */
    private static final int TILE = 16;

    /**
     * k of all rows of a tile that is fetched into L2 before it is multiplied, 256 KB: the processor's own prefetch falls
     * behind where 16 FMAs a step fill its window of instructions (31 to 34 GB/s on two cores for 45 to 49 with a fetch).
     */
    private static final int FETCHED = 4096;

    /** k of a block: four vectors are 16 KB of L1 then, and come there once for all rows of the tile. */
    private static final int BLOCK = 1024;

    private static final int LONG = 64;

    /**
     * k from which more than four vectors are dot products: their 32 chains have to be added up for each element of C. Of
     * oneDNN's speed on two threads, against {@link SimdGemm}'s: 64 x 10 with k = 512 0.94 and 0.43, 16 x 1000 with
     * k = 2048 0.66 and 0.39, 128 x 10 with k = 512 0.57 and 0.87 in two JVMs and 0.65 to 0.69.
     */
    private static final int LONGER = 320;

    /** Multiply-adds from which several vectors are worth two pieces: each is 1 us. */
    private static final double HALVED = 2.5e5;

    /** Bytes of the partial sums of one result, and of one row's. */
    private static final long SUM = 4L * LANES;

    private static final long ROW_SUMS = FEW * SUM;
    private static final long V1 = Lanes.BYTES;

    /** Bytes of the matrix that are worth a hand-over to another thread: 10 us. */
    private static final long PIECE_BYTES = 256 * 1024;

    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private final GemmSpec spec;
    private final Workers workers;
    private final TileWriter writer;
    private final boolean matrixIsA;
    private final boolean gathered;
    private final int rows;
    private final int few;
    private final boolean several;
    private final int rowsPerPiece;
    private final int piecesPerMatrix;
    private final int cSlot;
    private final Task gather = this::gather;
    private final Task task = this::piece;

    GemmDot(GemmSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.writer = new TileWriter(spec.alpha(), spec.beta(), spec.activation());
        this.matrixIsA = fewColumns(spec);
        this.gathered = matrixIsA ? !spec.transB() : spec.transA();
        this.rows = matrixIsA ? spec.m() : spec.n();
        this.few = matrixIsA ? spec.n() : spec.m();
        this.several = few > FEW;
        int most = Math.clamp(PIECE_BYTES / (4L * spec.k() * Math.ceilDiv(few, FEW)), 1, rows);
        this.rowsPerPiece = Math.ceilDiv(several ? shared(most) : most, ROWS) * ROWS;
        this.piecesPerMatrix = Math.ceilDiv(rows, rowsPerPiece);
        this.cSlot = spec.bias() ? 3 : 2;
    }

    /** Rows of a piece where each meets several vectors: an even number of pieces, for two threads. */
    private int shared(int most) {
        boolean one = (double) rows * few * spec.k() < HALVED;
        return one ? rows : Math.ceilDiv(rows, 2 * Math.ceilDiv(rows, 2 * most));
    }

    static boolean suits(GemmSpec spec) {
        return spec.k() >= LONG && spec.batch() > 0 && (fewColumns(spec) || fewRows(spec));
    }

    private static boolean fewColumns(GemmSpec spec) {
        return !spec.transA() && spec.n() >= 1 && spec.n() <= most(spec) && spec.m() >= 1;
    }

    private static boolean fewRows(GemmSpec spec) {
        return spec.transB() && spec.m() >= 1 && spec.m() <= most(spec) && spec.n() >= 1;
    }

    /** Vectors at most: more than four only where they lie along k too. */
    private static int most(GemmSpec spec) {
        return !spec.transA() && spec.transB() && spec.k() >= LONGER ? MOST : FEW;
    }

    @Override
    public String implementation() {
        return "simd:gemm dot " + F.vectorBitSize() + " bit";
    }

    /** The vectors, if they do not lie along k, and for each worker the partial sums and a row of results that an activation may use. */
    @Override
    public long scratchBytes() {
        return vectorBytes() * spec.batch() + workers.threads() * workerBytes();
    }

    private long vectorBytes() {
        return gathered ? Math.ceilDiv(4L * few * spec.k(), 64) * 64 : 0;
    }

    private long workerBytes() {
        return TILE * ROW_SUMS + Math.ceilDiv(4L * rowsPerPiece, 64) * 64;
    }

    @Override
    public void execute(long[] frame) {
        if (gathered) {
            workers.run(spec.batch(), gather, frame);
        }
        workers.run(spec.batch() * piecesPerMatrix, task, frame);
    }

    /** The vectors of one matrix, each along k. */
    private void gather(long[] frame, int batch, int worker) {
        long from = frame[matrixIsA ? 1 : 0] + 4 * batch * (matrixIsA ? spec.strideB() : spec.strideA());
        long stride = 4L * (matrixIsA ? spec.ldb() : spec.lda());
        long to = frame[cSlot + 1] + batch * vectorBytes();
        for (int k = 0; k < spec.k(); k++) {
            for (int v = 0; v < few; v++) {
                Raw.f32(to, (long) v * spec.k() + k, Raw.f32(from + k * stride, v));
            }
        }
    }

    private void piece(long[] frame, int piece, int worker) {
        int batch = piece / piecesPerMatrix;
        int row = piece % piecesPerMatrix * rowsPerPiece;
        int end = Math.min(rows, row + rowsPerPiece);
        long scratch = frame[cSlot + 1];
        long a = frame[0] + 4 * batch * spec.strideA();
        long b = frame[1] + 4 * batch * spec.strideB();
        long vectors = gathered ? scratch + batch * vectorBytes() : matrixIsA ? b : a;
        long vectorRow = 4L * (gathered ? spec.k() : matrixIsA ? spec.ldb() : spec.lda());
        long matrixRow = 4L * (matrixIsA ? spec.lda() : spec.ldb());
        long matrix = matrixIsA ? a : b;
        long sums = scratch + spec.batch() * vectorBytes() + worker * workerBytes();
        long c = frame[cSlot] + 4 * batch * spec.strideC();
        long bias = spec.bias() ? frame[2] : 0;
        for (int r = row; r < end; r += TILE) {
            int count = Math.min(TILE, end - r);
            if (several) {
                fetch(matrix + r * matrixRow, matrixRow, count, 4L * Math.min(FETCHED, spec.k()), sums);
            }
            for (int v = 0; v < few; v += FEW) {
                int here = Math.min(FEW, few - v);
                tile(matrix + r * matrixRow, matrixRow, count, vectors + v * vectorRow, vectorRow, here, sums);
                totals(sums, count * FEW);
                write(sums, r, count, v, here, c, bias);
            }
        }
        long cRow = 4L * spec.ldc();
        long temporary = sums + TILE * ROW_SUMS;
        if (matrixIsA) {
            writer.activate(c + row * cRow, cRow, end - row, few, temporary);
        } else {
            writer.activate(c + 4L * row, cRow, few, end - row, temporary);
        }
    }

    /** Rows from {@code row} on of the matrix and {@code here} vectors from {@code vector} on. */
    private void write(long sums, int row, int count, int vector, int here, long c, long bias) {
        for (int i = 0; i < count; i++) {
            for (int v = 0; v < here; v++) {
                int column = matrixIsA ? vector + v : row + i;
                long to = c + 4L * spec.ldc() * (matrixIsA ? row + i : vector + v) + 4L * column;
                writer.one(Raw.f32(sums + i * ROW_SUMS + v * SUM, 0), to, bias == 0 ? 0 : bias + 4L * column);
            }
        }
    }

    /** Reads some rows, and leaves behind the sums what was read. */
    private static void fetch(long rows, long row, int count, long bytes, long sums) {
        long any = 0;
        for (int r = 0; r < count; r++) {
            any |= Pack.fetch(rows + r * row, bytes);
        }
        Raw.i64(sums + TILE * ROW_SUMS, 0, any);
    }

    /** The partial sums of some rows with up to four vectors, [row, vector, lane], a block of k after the other. */
    private void tile(long matrix, long matrixRow, int count, long vectors, long vectorRow, int few, long sums) {
        Pack.zero(sums, count * FEW * LANES);
        int whole = spec.k() / LANES * LANES;
        if (few == 1) {
            block(matrix, matrixRow, count, vectors, vectorRow, few, 0, whole, sums);
        }
        for (int k = 0; few > 1 && k < whole; k += FETCHED) {
            int end = Math.min(whole, k + FETCHED);
            if (!several) {
                fetch(matrix + 4L * k, matrixRow, count, 4L * (end - k), sums);
            }
            for (int from = k; from < end; from += BLOCK) {
                block(matrix, matrixRow, count, vectors, vectorRow, few, from, Math.min(end, from + BLOCK), sums);
            }
        }
        for (int k = spec.k() / LANES * LANES; k < spec.k(); k++) {
            for (int i = 0; i < count; i++) {
                for (int v = 0; v < few; v++) {
                    long sum = sums + 4L * (LANES * (i * FEW + v) + k % LANES);
                    float product = Raw.f32(vectors + v * vectorRow, k);
                    Raw.f32(sum, 0, Math.fma(Raw.f32(matrix + i * matrixRow, k), product, Raw.f32(sum, 0)));
                }
            }
        }
    }

    /** All rows over k from {@code from} to {@code to}, two at a time. */
    private void block(
            long matrix,
            long matrixRow,
            int count,
            long vectors,
            long vectorRow,
            int few,
            int from,
            int to,
            long sums) {
        for (int r = 0; r < count; r += ROWS) {
            long row = matrix + r * matrixRow + 4L * from;
            long next = r + 1 < count ? row + matrixRow : row;
            rows(row, next, vectors + 4L * from, vectorRow, few, 4L * (to - from), sums + r * ROW_SUMS);
        }
    }

    /** Two rows; a vector that is missing is the last again. */
    private void rows(long row, long next, long vectors, long vectorRow, int few, long bytes, long sums) {
        long x1 = vectors + Math.min(1, few - 1) * vectorRow;
        long x2 = vectors + Math.min(2, few - 1) * vectorRow;
        long x3 = vectors + (few - 1) * vectorRow;
        if (few == 1) {
            for (long at = 0; at < 4L * LANES; at += 2 * Lanes.BYTES) {
                one(row + at, next + at, vectors + at, bytes, sums + at);
            }
        } else if (Lanes.COUNT == 16) {
            wide(row, next, vectors, x1, x2, x3, bytes, sums);
        } else {
            for (long at = 0; at < 4L * LANES; at += Lanes.BYTES) {
                narrow(row + at, next + at, vectors + at, x1 + at, x2 + at, x3 + at, bytes, sums + at);
            }
        }
    }

    /** Two rows and one vector, two vectors of lanes. */
    private static void one(long r0, long r1, long x, long bytes, long sums) {
        FloatVector s0 = fromMemorySegment(F, MEMORY, sums, ORDER);
        FloatVector s1 = fromMemorySegment(F, MEMORY, sums + V1, ORDER);
        FloatVector s2 = fromMemorySegment(F, MEMORY, sums + ROW_SUMS, ORDER);
        FloatVector s3 = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + V1, ORDER);
        for (long i = 0; i < bytes; i += 4L * LANES) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            FloatVector w = fromMemorySegment(F, MEMORY, x + i + V1, ORDER);
            s0 = fromMemorySegment(F, MEMORY, r0 + i, ORDER).fma(v, s0);
            s1 = fromMemorySegment(F, MEMORY, r0 + i + V1, ORDER).fma(w, s1);
            s2 = fromMemorySegment(F, MEMORY, r1 + i, ORDER).fma(v, s2);
            s3 = fromMemorySegment(F, MEMORY, r1 + i + V1, ORDER).fma(w, s3);
        }
        s0.intoMemorySegment(MEMORY, sums, ORDER);
        s1.intoMemorySegment(MEMORY, sums + V1, ORDER);
        s2.intoMemorySegment(MEMORY, sums + ROW_SUMS, ORDER);
        s3.intoMemorySegment(MEMORY, sums + ROW_SUMS + V1, ORDER);
    }

    /** Two rows and four vectors, all lanes: 16 sums of the 32 registers that 512 bits come with. */
    private static void wide(long r0, long r1, long x0, long x1, long x2, long x3, long bytes, long sums) {
        FloatVector s00a = fromMemorySegment(F, MEMORY, sums, ORDER);
        FloatVector s00b = fromMemorySegment(F, MEMORY, sums + V1, ORDER);
        FloatVector s01a = fromMemorySegment(F, MEMORY, sums + 1 * SUM, ORDER);
        FloatVector s01b = fromMemorySegment(F, MEMORY, sums + 1 * SUM + V1, ORDER);
        FloatVector s02a = fromMemorySegment(F, MEMORY, sums + 2 * SUM, ORDER);
        FloatVector s02b = fromMemorySegment(F, MEMORY, sums + 2 * SUM + V1, ORDER);
        FloatVector s03a = fromMemorySegment(F, MEMORY, sums + 3 * SUM, ORDER);
        FloatVector s03b = fromMemorySegment(F, MEMORY, sums + 3 * SUM + V1, ORDER);
        FloatVector s10a = fromMemorySegment(F, MEMORY, sums + ROW_SUMS, ORDER);
        FloatVector s10b = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + V1, ORDER);
        FloatVector s11a = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + 1 * SUM, ORDER);
        FloatVector s11b = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + 1 * SUM + V1, ORDER);
        FloatVector s12a = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + 2 * SUM, ORDER);
        FloatVector s12b = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + 2 * SUM + V1, ORDER);
        FloatVector s13a = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + 3 * SUM, ORDER);
        FloatVector s13b = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + 3 * SUM + V1, ORDER);
        for (long i = 0; i < bytes; i += 4L * LANES) {
            FloatVector a0 = fromMemorySegment(F, MEMORY, r0 + i, ORDER);
            FloatVector b0 = fromMemorySegment(F, MEMORY, r0 + i + V1, ORDER);
            FloatVector a1 = fromMemorySegment(F, MEMORY, r1 + i, ORDER);
            FloatVector b1 = fromMemorySegment(F, MEMORY, r1 + i + V1, ORDER);
            FloatVector v = fromMemorySegment(F, MEMORY, x0 + i, ORDER);
            s00a = a0.fma(v, s00a);
            s10a = a1.fma(v, s10a);
            v = fromMemorySegment(F, MEMORY, x0 + i + V1, ORDER);
            s00b = b0.fma(v, s00b);
            s10b = b1.fma(v, s10b);
            v = fromMemorySegment(F, MEMORY, x1 + i, ORDER);
            s01a = a0.fma(v, s01a);
            s11a = a1.fma(v, s11a);
            v = fromMemorySegment(F, MEMORY, x1 + i + V1, ORDER);
            s01b = b0.fma(v, s01b);
            s11b = b1.fma(v, s11b);
            v = fromMemorySegment(F, MEMORY, x2 + i, ORDER);
            s02a = a0.fma(v, s02a);
            s12a = a1.fma(v, s12a);
            v = fromMemorySegment(F, MEMORY, x2 + i + V1, ORDER);
            s02b = b0.fma(v, s02b);
            s12b = b1.fma(v, s12b);
            v = fromMemorySegment(F, MEMORY, x3 + i, ORDER);
            s03a = a0.fma(v, s03a);
            s13a = a1.fma(v, s13a);
            v = fromMemorySegment(F, MEMORY, x3 + i + V1, ORDER);
            s03b = b0.fma(v, s03b);
            s13b = b1.fma(v, s13b);
        }
        s00a.intoMemorySegment(MEMORY, sums, ORDER);
        s00b.intoMemorySegment(MEMORY, sums + V1, ORDER);
        s01a.intoMemorySegment(MEMORY, sums + 1 * SUM, ORDER);
        s01b.intoMemorySegment(MEMORY, sums + 1 * SUM + V1, ORDER);
        s02a.intoMemorySegment(MEMORY, sums + 2 * SUM, ORDER);
        s02b.intoMemorySegment(MEMORY, sums + 2 * SUM + V1, ORDER);
        s03a.intoMemorySegment(MEMORY, sums + 3 * SUM, ORDER);
        s03b.intoMemorySegment(MEMORY, sums + 3 * SUM + V1, ORDER);
        s10a.intoMemorySegment(MEMORY, sums + ROW_SUMS, ORDER);
        s10b.intoMemorySegment(MEMORY, sums + ROW_SUMS + V1, ORDER);
        s11a.intoMemorySegment(MEMORY, sums + ROW_SUMS + 1 * SUM, ORDER);
        s11b.intoMemorySegment(MEMORY, sums + ROW_SUMS + 1 * SUM + V1, ORDER);
        s12a.intoMemorySegment(MEMORY, sums + ROW_SUMS + 2 * SUM, ORDER);
        s12b.intoMemorySegment(MEMORY, sums + ROW_SUMS + 2 * SUM + V1, ORDER);
        s13a.intoMemorySegment(MEMORY, sums + ROW_SUMS + 3 * SUM, ORDER);
        s13b.intoMemorySegment(MEMORY, sums + ROW_SUMS + 3 * SUM + V1, ORDER);
    }

    /** Two rows and four vectors, one vector of lanes: 8 sums of 16 registers. */
    private static void narrow(long r0, long r1, long x0, long x1, long x2, long x3, long bytes, long sums) {
        FloatVector s00 = fromMemorySegment(F, MEMORY, sums, ORDER);
        FloatVector s01 = fromMemorySegment(F, MEMORY, sums + SUM, ORDER);
        FloatVector s02 = fromMemorySegment(F, MEMORY, sums + 2 * SUM, ORDER);
        FloatVector s03 = fromMemorySegment(F, MEMORY, sums + 3 * SUM, ORDER);
        FloatVector s10 = fromMemorySegment(F, MEMORY, sums + ROW_SUMS, ORDER);
        FloatVector s11 = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + SUM, ORDER);
        FloatVector s12 = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + 2 * SUM, ORDER);
        FloatVector s13 = fromMemorySegment(F, MEMORY, sums + ROW_SUMS + 3 * SUM, ORDER);
        for (long i = 0; i < bytes; i += 4L * LANES) {
            FloatVector a = fromMemorySegment(F, MEMORY, r0 + i, ORDER);
            FloatVector b = fromMemorySegment(F, MEMORY, r1 + i, ORDER);
            FloatVector v = fromMemorySegment(F, MEMORY, x0 + i, ORDER);
            s00 = a.fma(v, s00);
            s10 = b.fma(v, s10);
            v = fromMemorySegment(F, MEMORY, x1 + i, ORDER);
            s01 = a.fma(v, s01);
            s11 = b.fma(v, s11);
            v = fromMemorySegment(F, MEMORY, x2 + i, ORDER);
            s02 = a.fma(v, s02);
            s12 = b.fma(v, s12);
            v = fromMemorySegment(F, MEMORY, x3 + i, ORDER);
            s03 = a.fma(v, s03);
            s13 = b.fma(v, s13);
        }
        s00.intoMemorySegment(MEMORY, sums, ORDER);
        s01.intoMemorySegment(MEMORY, sums + SUM, ORDER);
        s02.intoMemorySegment(MEMORY, sums + 2 * SUM, ORDER);
        s03.intoMemorySegment(MEMORY, sums + 3 * SUM, ORDER);
        s10.intoMemorySegment(MEMORY, sums + ROW_SUMS, ORDER);
        s11.intoMemorySegment(MEMORY, sums + ROW_SUMS + SUM, ORDER);
        s12.intoMemorySegment(MEMORY, sums + ROW_SUMS + 2 * SUM, ORDER);
        s13.intoMemorySegment(MEMORY, sums + ROW_SUMS + 3 * SUM, ORDER);
    }

    /**
     * Adds up each sum's chains, in halves: lane i and i + 16, then 8, 4, 2, 1; the result is its first float. In vectors,
     * because of 32 scalar reads C2 would leave a part as calls.
     */
    private static void totals(long sums, int count) {
        for (long end = sums + count * SUM; sums < end; sums += SUM) {
            FloatVector x;
            if (Lanes.COUNT == 16) {
                x = load(sums).add(load(sums + V1));
                x = x.add(x.rearrange(LanePairs.X8));
                x = x.add(x.rearrange(LanePairs.X4));
            } else if (Lanes.COUNT == 8) {
                x = fourths(sums, V1);
                x = x.add(x.rearrange(LanePairs.X4));
            } else {
                x = fourths(sums, 2 * V1).add(fourths(sums + V1, 2 * V1));
            }
            x = x.add(x.rearrange(LanePairs.X2));
            x.add(x.rearrange(LanePairs.X1)).intoMemorySegment(MEMORY, sums, ORDER);
        }
    }

    /** Lanes i and i + 16, and both i + 8. */
    private static FloatVector fourths(long sums, long eight) {
        FloatVector x = load(sums).add(load(sums + 2 * eight));
        return x.add(load(sums + eight).add(load(sums + 3 * eight)));
    }

    private static FloatVector load(long address) {
        return fromMemorySegment(F, MEMORY, address, ORDER);
    }
}
