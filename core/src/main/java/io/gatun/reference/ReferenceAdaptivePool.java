package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.Direction;

/** Pooling to a given size, window by window. */
record ReferenceAdaptivePool(AdaptivePoolSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:adaptivepool";
    }

    @Override
    public void execute(long[] frame) {
        boolean max = spec.op() == AdaptivePoolSpec.Op.MAX;
        boolean forward = spec.direction() == Direction.FORWARD;
        if (!forward) {
            long diffSrc = frame[max ? 2 : 1];
            for (long i = 0; i < (long) spec.n() * spec.h() * spec.w() * spec.c(); i++) {
                Raw.f32(diffSrc, i, 0);
            }
        }
        long to = 0;
        for (int n = 0; n < spec.n(); n++) {
            for (int y = 0; y < spec.oh(); y++) {
                for (int x = 0; x < spec.ow(); x++) {
                    for (int c = 0; c < spec.c(); c++, to++) {
                        if (!max) {
                            average(frame, forward, n, y, x, c, to);
                        } else if (forward) {
                            max(frame, n, y, x, c, to);
                        } else {
                            long at = at(n, Raw.i32(frame[1], to), c);
                            Raw.f32(frame[2], at, Raw.f32(frame[2], at) + Raw.f32(frame[0], to));
                        }
                    }
                }
            }
        }
    }

    private long at(int n, int pixel, int c) {
        return ((long) n * spec.h() * spec.w() + pixel) * spec.c() + c;
    }

    private int fromRow(int y) {
        return AdaptivePoolSpec.from(y, spec.h(), spec.oh());
    }

    private int toRow(int y) {
        return AdaptivePoolSpec.to(y, spec.h(), spec.oh());
    }

    private int fromCol(int x) {
        return AdaptivePoolSpec.from(x, spec.w(), spec.ow());
    }

    private int toCol(int x) {
        return AdaptivePoolSpec.to(x, spec.w(), spec.ow());
    }

    private void max(long[] frame, int n, int y, int x, int c, long to) {
        float best = Float.NEGATIVE_INFINITY;
        int index = -1;
        for (int row = fromRow(y); row < toRow(y); row++) {
            for (int col = fromCol(x); col < toCol(x); col++) {
                float value = Raw.f32(frame[0], at(n, row * spec.w() + col, c));
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

    private void average(long[] frame, boolean forward, int n, int y, int x, int c, long to) {
        int count = (toRow(y) - fromRow(y)) * (toCol(x) - fromCol(x));
        float share = forward ? 0 : Raw.f32(frame[0], to) / count;
        double sum = 0;
        for (int row = fromRow(y); row < toRow(y); row++) {
            for (int col = fromCol(x); col < toCol(x); col++) {
                long at = at(n, row * spec.w() + col, c);
                if (forward) {
                    sum += Raw.f32(frame[0], at);
                } else {
                    Raw.f32(frame[1], at, Raw.f32(frame[1], at) + share);
                }
            }
        }
        if (forward) {
            Raw.f32(frame[1], to, (float) (sum / count));
        }
    }
}
