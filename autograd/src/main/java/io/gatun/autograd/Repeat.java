package io.gatun.autograd;

import io.gatun.spec.Dims;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.ReduceSpec;
import java.lang.foreign.MemorySegment;

/**
 * The opposite of a reduction: repeats a small tensor along the axes that were reduced. Repeating r times is the outer
 * product with a column of r ones, which GEMM does exactly (one product, no sum) and in one pass over the result.
 */
final class Repeat {
    private Repeat() {}

    /** dst = factor · src repeated along the axes of {@code reduction}, dst having its shape. */
    static void along(Backward to, ReduceSpec reduction, MemorySegment src, float factor, MemorySegment dst) {
        Dims shape = reduction.shape();
        MemorySegment from = src;
        boolean owned = false;
        float scale = factor;
        int axis = shape.size() - 1;
        // From the innermost group of neighbouring axes outwards; what lies outside is still reduced.
        while (true) {
            while (axis >= 0 && !reduction.axes().contains(axis)) {
                axis--;
            }
            int last = axis;
            long repeats = 1;
            while (axis >= 0 && reduction.axes().contains(axis)) {
                repeats *= shape.get(axis--);
            }
            long inner = 1;
            for (int i = last + 1; i < shape.size(); i++) {
                inner *= shape.get(i);
            }
            long outer = 1;
            boolean more = false;
            for (int i = 0; i <= axis; i++) {
                more |= reduction.axes().contains(i);
                outer *= reduction.axes().contains(i) ? 1 : shape.get(i);
            }
            MemorySegment into = more ? to.temporary(outer * repeats * inner) : dst;
            group(to, outer, repeats, inner, scale, from, into);
            if (owned) {
                to.free(from);
            }
            if (!more) {
                return;
            }
            from = into;
            owned = true;
            scale = 1;
        }
    }

    /** dst[o, r, i] = factor · src[o, i]. */
    private static void group(
            Backward to, long outer, long repeats, long inner, float factor, MemorySegment src, MemorySegment dst) {
        int count = Math.toIntExact(repeats);
        MemorySegment ones = to.ones(count);
        if (inner == 1) {
            to.plan(GemmSpec.of(Math.toIntExact(outer), count, 1).scaled(factor, 0))
                    .run(src, ones, dst);
        } else {
            GemmSpec spec = GemmSpec.batched(Math.toIntExact(outer), count, Math.toIntExact(inner), 1, false, false);
            to.plan(spec.scaled(factor, 0).withBatchStrides(0, inner, repeats * inner))
                    .run(ones, src, dst);
        }
        to.free(ones);
    }
}
