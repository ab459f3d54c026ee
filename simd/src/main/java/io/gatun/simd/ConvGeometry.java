package io.gatun.simd;

import io.gatun.spec.ConvSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Which taps an output of a convolution sees, forward and backward. */
final class ConvGeometry {
    private static final Comparator<ConvTap> BY_PLACE =
            Comparator.comparingInt(ConvTap::y).thenComparingInt(ConvTap::x);

    private ConvGeometry() {}

    /** dst (y, x) reads src (y·sh + i·dh - ph, x·sw + j·dw - pw). */
    static List<ConvTap> forward(ConvSpec s) {
        List<ConvTap> taps = new ArrayList<>();
        for (int i = 0; i < s.kh(); i++) {
            for (int j = 0; j < s.kw(); j++) {
                taps.add(new ConvTap(i * s.kw() + j, i * s.dh() - s.ph(), j * s.dw() - s.pw()));
            }
        }
        return taps;
    }

    /**
     * diffSrc (sh·q + originY, sw·p + originX) is touched by diffDst (q + y, p + x) through tap (i, j) where
     * sh·y = originY + ph - i·dh and likewise in x; taps where that is no whole number do not touch it.
     */
    static List<ConvTap> backward(ConvSpec s, int originY, int originX) {
        List<ConvTap> taps = new ArrayList<>();
        for (int i = 0; i < s.kh(); i++) {
            for (int j = 0; j < s.kw(); j++) {
                int y = originY + s.ph() - i * s.dh();
                int x = originX + s.pw() - j * s.dw();
                if (y % s.sh() == 0 && x % s.sw() == 0) {
                    taps.add(new ConvTap(i * s.kw() + j, y / s.sh(), x / s.sw()));
                }
            }
        }
        taps.sort(BY_PLACE);
        return taps;
    }
}
