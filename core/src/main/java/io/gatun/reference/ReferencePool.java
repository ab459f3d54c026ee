package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Direction;
import io.gatun.spec.PoolSpec;

/** Max and average pooling, window by window. A NaN in a window wins it; an average of no element is 0. */
final class ReferencePool implements Kernel {
    private final PoolSpec spec;

    ReferencePool(PoolSpec spec) {
        this.spec = spec;
    }

    @Override
    public String implementation() {
        return "reference:pool";
    }

    @Override
    public void execute(long[] frame) {
        boolean forward = spec.direction() == Direction.FORWARD;
        if (!forward) {
            long diffSrc = frame[spec.op() == PoolSpec.Op.MAX ? 2 : 1];
            long count = (long) spec.n() * spec.h() * spec.w() * spec.c();
            for (long i = 0; i < count; i++) {
                Raw.f32(diffSrc, i, 0);
            }
        }
        long to = 0;
        for (int n = 0; n < spec.n(); n++) {
            for (int y = 0; y < spec.oh(); y++) {
                for (int x = 0; x < spec.ow(); x++) {
                    int top = y * spec.sh() - spec.ph();
                    int left = x * spec.sw() - spec.pw();
                    for (int c = 0; c < spec.c(); c++, to++) {
                        if (spec.op() == PoolSpec.Op.MAX) {
                            max(frame, forward, n, c, top, left, to);
                        } else {
                            average(frame, forward, n, c, top, left, to);
                        }
                    }
                }
            }
        }
    }

    private long src(int n, int plane, int c) {
        return ((long) n * spec.h() * spec.w() + plane) * spec.c() + c;
    }

    private void max(long[] frame, boolean forward, int n, int c, int top, int left, long to) {
        if (!forward) {
            int index = Raw.i32(frame[1], to);
            if (index >= 0) {
                long at = src(n, index, c);
                Raw.f32(frame[2], at, Raw.f32(frame[2], at) + Raw.f32(frame[0], to));
            }
            return;
        }
        float best = Float.NEGATIVE_INFINITY;
        int index = -1;
        for (int row = Math.max(0, top); row < Math.min(top + spec.kh(), spec.h()); row++) {
            for (int col = Math.max(0, left); col < Math.min(left + spec.kw(), spec.w()); col++) {
                float value = Raw.f32(frame[0], src(n, row * spec.w() + col, c));
                // Not less or equal: larger, or a NaN; and a NaN once found stays.
                if (index < 0 || !(value <= best) && !Float.isNaN(best)) {
                    best = value;
                    index = row * spec.w() + col;
                }
            }
        }
        Raw.f32(frame[1], to, best);
        Raw.i32(frame[2], to, index);
    }

    private void average(long[] frame, boolean forward, int n, int c, int top, int left, long to) {
        int bottom = top + spec.kh();
        int right = left + spec.kw();
        int fromRow = Math.max(0, top);
        int toRow = Math.min(bottom, spec.h());
        int fromCol = Math.max(0, left);
        int toCol = Math.min(right, spec.w());
        int inside = Math.max(0, toRow - fromRow) * Math.max(0, toCol - fromCol);
        int padded = (Math.min(bottom, spec.h() + spec.pb()) - top) * (Math.min(right, spec.w() + spec.pr()) - left);
        int divisor = spec.op() == PoolSpec.Op.AVG ? Math.max(1, inside) : padded;
        float share = forward ? 0 : Raw.f32(frame[0], to) / divisor;
        double sum = 0;
        for (int row = fromRow; row < toRow; row++) {
            for (int col = fromCol; col < toCol; col++) {
                long at = src(n, row * spec.w() + col, c);
                if (forward) {
                    sum += Raw.f32(frame[0], at);
                } else {
                    Raw.f32(frame[1], at, Raw.f32(frame[1], at) + share);
                }
            }
        }
        if (forward) {
            Raw.f32(frame[1], to, (float) (sum / divisor));
        }
    }
}
