package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.PoolSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Max pooling forward by 2 x 2 windows side by side, all four cells at once: two rows are read in their order, which the
 * prefetchers follow. A row with a NaN, which sums see and comparisons do not, is done again by {@link PoolMax}.
 */
final class PoolMaxSquares extends PoolMax {
    private final RowLoop squares = new RowLoop(MethodHandles.lookup(), this, "squares");

    PoolMaxSquares(PoolSpec spec, Workers workers) {
        super(spec, workers);
    }

    static boolean suits(PoolSpec s) {
        return s.kh() == 2 && s.kw() == 2 && tiled(s) && s.c() >= Lanes.COUNT;
    }

    @Override
    boolean streams() {
        return true;
    }

    @Override
    void row(long[] frame, long n, int y) {
        long at = n * dstImage() + (long) y * ow * c * 4;
        squares.run(frame[0] + n * srcImage(), frame[1] + at, frame[2] + at, y);
        rest(frame[0] + n * srcImage(), frame[1] + at, frame[2] + at, y);
    }

    private void squares(long image, long dst, long indices, int y) {
        long pixel = c * 4L;
        long line = spec.w() * pixel;
        long run = inVectors * 4L;
        long step = vectorBytes;
        long where = indices - dst;
        long at = image + 2 * y * line;
        long to = dst;
        int cell = 2 * y * spec.w();
        FloatVector all = splat(0f);
        for (int x = 0; x < ow; x++, cell += 2) {
            IntVector i0 = IntVector.broadcast(Lanes.I, cell);
            IntVector i1 = IntVector.broadcast(Lanes.I, cell + 1);
            IntVector i2 = IntVector.broadcast(Lanes.I, cell + spec.w());
            IntVector i3 = IntVector.broadcast(Lanes.I, cell + spec.w() + 1);
            for (long end = to + run; to < end; to += step, at += step) {
                FloatVector best = load(at);
                FloatVector v = load(at + pixel);
                FloatVector sum = best.add(v);
                VectorMask<Float> more = v.compare(VectorOperators.GT, best);
                best = best.blend(v, more);
                IntVector index = i0.blend(i1, more.cast(Lanes.I));
                v = load(at + line);
                sum = sum.add(v);
                more = v.compare(VectorOperators.GT, best);
                best = best.blend(v, more);
                index = index.blend(i2, more.cast(Lanes.I));
                v = load(at + line + pixel);
                all = all.add(sum.add(v));
                more = v.compare(VectorOperators.GT, best);
                best.blend(v, more).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
                index.blend(i3, more.cast(Lanes.I)).intoMemorySegment(Raw.MEMORY, to + where, Lanes.ORDER);
            }
            to += pixel - run;
            at += 2 * pixel - run;
        }
        if (all.compare(VectorOperators.NE, all).anyTrue()) {
            loops(image, dst, indices, y);
        }
    }
}
