package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.PoolSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Max pooling backward by 2 x 2 windows side by side: a gradient and its index are read once and four pixels written. */
final class PoolMaxSquaresBackward extends PoolMaxBackward {
    private final RowLoop squares = new RowLoop(MethodHandles.lookup(), this, "squares");

    PoolMaxSquaresBackward(PoolSpec spec, Workers workers) {
        super(spec, workers);
    }

    @Override
    boolean byWindows() {
        return true;
    }

    @Override
    void row(long[] frame, long n, int y) {
        long at = n * dstImage();
        long line = spec.w() * (c * 4L);
        long to = frame[2] + n * srcImage() + 2 * y * line;
        squares.run(frame[0] + at, frame[1] + at, to, y);
        rest(frame[0] + at, frame[1] + at, to, 2 * y);
        rest(frame[0] + at, frame[1] + at, to + line, 2 * y + 1);
    }

    private void squares(long diffDst, long indices, long diffSrc, int y) {
        long pixel = c * 4L;
        long line = spec.w() * pixel;
        long run = inVectors * 4L;
        long step = vectorBytes;
        long behind = indices - diffDst;
        long from = diffDst + y * (ow * pixel);
        long to = diffSrc;
        int cell = 2 * y * spec.w();
        FloatVector zero = splat(0f);
        for (int x = 0; x < ow; x++, cell += 2) {
            IntVector i0 = IntVector.broadcast(Lanes.I, cell);
            IntVector i1 = IntVector.broadcast(Lanes.I, cell + 1);
            IntVector i2 = IntVector.broadcast(Lanes.I, cell + spec.w());
            IntVector i3 = IntVector.broadcast(Lanes.I, cell + spec.w() + 1);
            for (long end = from + run; from < end; from += step, to += step) {
                FloatVector g = load(from);
                IntVector index = IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, from + behind, Lanes.ORDER);
                // Added to 0 and not selected: -0 becomes 0, as in the sums of windows that overlap.
                zero.add(g, index.compare(VectorOperators.EQ, i0).cast(Lanes.F))
                        .intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
                zero.add(g, index.compare(VectorOperators.EQ, i1).cast(Lanes.F))
                        .intoMemorySegment(Raw.MEMORY, to + pixel, Lanes.ORDER);
                zero.add(g, index.compare(VectorOperators.EQ, i2).cast(Lanes.F))
                        .intoMemorySegment(Raw.MEMORY, to + line, Lanes.ORDER);
                zero.add(g, index.compare(VectorOperators.EQ, i3).cast(Lanes.F))
                        .intoMemorySegment(Raw.MEMORY, to + line + pixel, Lanes.ORDER);
            }
            from += pixel - run;
            to += 2 * pixel - run;
        }
    }
}
