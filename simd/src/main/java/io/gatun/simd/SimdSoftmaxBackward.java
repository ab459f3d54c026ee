package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.SoftmaxSpec.Op;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The gradients of softmax, y (g - sum g y), and of log-softmax, g - e^y sum g: 8 B read and 4 B written an element, in a pass
 * for the sums of a group of rows and one for the results. The sums' tree is that of {@link SoftmaxRows}.
 */
final class SimdSoftmaxBackward implements Kernel, Task {
    private static final int WAYS = SoftmaxRows.WAYS;
    private static final int BLOCK = SoftmaxRows.BLOCK;
    private static final int ROWS = 32;
    /** Elements of a group: 8 KB of each of the three tensors. */
    private static final int GROUP = 2048;

    // Places in a thread's scratch memory: three addresses, then the sums of the rows, then the running sums.
    private static final int SUM = 16;
    private static final int WAY_SUMS = SUM + ROWS;

    private final SoftmaxSpec spec;
    private final int cols;
    private final int whole;
    private final int blocks;
    private final int rows;
    private final RowPieces cut;
    private final int pieces;
    private final Workers workers;
    private final RowLoop running;
    private final RowLoop results;

    SimdSoftmaxBackward(SoftmaxSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.cols = spec.cols();
        this.whole = Lanes.F.loopBound(cols);
        this.blocks = (cols + BLOCK - 1) / BLOCK;
        this.rows = Math.clamp(GROUP / Math.max(1, cols), 1, ROWS);
        this.cut = RowPieces.of(spec.rows(), cols);
        this.pieces = cols == 0 ? 0 : cut.count();
        boolean log = spec.op() == Op.LOG_SOFTMAX;
        this.running = new RowLoop(MethodHandles.lookup(), this, log ? "values" : "products");
        this.results = new RowLoop(MethodHandles.lookup(), this, log ? "logBackward" : "backward");
    }

    @Override
    public String implementation() {
        return "simd:softmax backward";
    }

    @Override
    public long scratchBytes() {
        return workers.threads() * scratchOfThread();
    }

    private long scratchOfThread() {
        return (WAY_SUMS + (long) rows * blocks * WAYS) * 4;
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long scratch = frame[3] + worker * scratchOfThread();
        long to = cut.end(index);
        for (long row = cut.first(index); row < to; row += rows) {
            int group = (int) Math.min(rows, to - row);
            long at = row * cols * 4;
            running.run(frame[0] + at, frame[1] + at, scratch, group);
            Raw.i64(scratch, 0, frame[0] + at);
            Raw.i64(scratch, 1, frame[1] + at);
            results.run(scratch, 0, frame[2] + at, group);
        }
    }

    private void products(long dst, long diffDst, long scratch, int group) {
        VectorMask<Float> last = Lanes.first(cols - whole);
        for (int r = 0; r < group; r++) {
            long y = dst + (long) r * cols * 4;
            long g = diffDst + (long) r * cols * 4;
            for (int block = 0; block < blocks; block++) {
                int end = Math.min(whole, (block + 1) * BLOCK);
                long to = scratch + (WAY_SUMS + (r * blocks + block) * WAYS) * 4L;
                for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                    FloatVector sum = splat(0f);
                    for (int i = block * BLOCK + way; i < end; i += WAYS) {
                        sum = load(y + i * 4L).fma(load(g + i * 4L), sum);
                    }
                    sum.intoMemorySegment(Raw.MEMORY, to + way * 4L, Lanes.ORDER);
                }
            }
            if (whole < cols) {
                long to = scratch + (WAY_SUMS + ((r + 1) * blocks - 1) * WAYS + whole % WAYS) * 4L;
                FloatVector sum = load(to);
                FloatVector more = load(y + whole * 4L, last).fma(load(g + whole * 4L, last), sum);
                sum.blend(more, last).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
            }
        }
        fold(scratch, group);
    }

    private void values(long unused, long diffDst, long scratch, int group) {
        VectorMask<Float> last = Lanes.first(cols - whole);
        for (int r = 0; r < group; r++) {
            long g = diffDst + (long) r * cols * 4;
            for (int block = 0; block < blocks; block++) {
                int end = Math.min(whole, (block + 1) * BLOCK);
                long to = scratch + (WAY_SUMS + (r * blocks + block) * WAYS) * 4L;
                for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                    FloatVector sum = splat(0f);
                    for (int i = block * BLOCK + way; i < end; i += WAYS) {
                        sum = sum.add(load(g + i * 4L));
                    }
                    sum.intoMemorySegment(Raw.MEMORY, to + way * 4L, Lanes.ORDER);
                }
            }
            if (whole < cols) {
                long to = scratch + (WAY_SUMS + ((r + 1) * blocks - 1) * WAYS + whole % WAYS) * 4L;
                load(to).add(load(g + whole * 4L, last), last).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
            }
        }
        fold(scratch, group);
    }

    private void fold(long scratch, int group) {
        for (int r = 0; r < group; r++) {
            double sum = 0;
            for (int block = 0; block < blocks; block++) {
                sum += Sums.fold(scratch + (WAY_SUMS + (r * blocks + block) * WAYS) * 4L);
            }
            Raw.f32(scratch, SUM + r, (float) sum);
        }
    }

    private void backward(long scratch, long unused, long diffSrc, int group) {
        long dst = Raw.i64(scratch, 0);
        long diffDst = Raw.i64(scratch, 1);
        VectorMask<Float> last = Lanes.first(cols - whole);
        for (int r = 0; r < group; r++) {
            FloatVector sum = splat(Raw.f32(scratch, SUM + r));
            long at = (long) r * cols * 4;
            for (int i = 0; i < whole; i += Lanes.COUNT, at += Lanes.BYTES) {
                FloatVector slope = load(diffDst + at).sub(sum);
                load(dst + at).mul(slope).intoMemorySegment(Raw.MEMORY, diffSrc + at, Lanes.ORDER);
            }
            if (whole < cols) {
                FloatVector slope = load(diffDst + at, last).sub(sum);
                load(dst + at, last).mul(slope).intoMemorySegment(Raw.MEMORY, diffSrc + at, Lanes.ORDER, last);
            }
        }
    }

    private void logBackward(long scratch, long unused, long diffSrc, int group) {
        long dst = Raw.i64(scratch, 0);
        long diffDst = Raw.i64(scratch, 1);
        for (int r = 0; r < group; r++) {
            FloatVector minus = splat(-Raw.f32(scratch, SUM + r));
            long at = (long) r * cols * 4;
            // One loop with the mask of its last vector: a second exponential would be more than C2 inlines.
            for (int left = cols; left > 0; left -= Lanes.COUNT, at += Lanes.BYTES) {
                VectorMask<Float> there = Lanes.first(left);
                VectorMath.exp(load(dst + at, there))
                        .fma(minus, load(diffDst + at, there))
                        .intoMemorySegment(Raw.MEMORY, diffSrc + at, Lanes.ORDER, there);
            }
        }
    }
}
