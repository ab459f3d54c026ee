package io.gatun.simd;

import io.gatun.spec.ConvSpec;

/**
 * How the sums of a convolution of bytes are cut so that floats add them exactly: a product is 255 · 128 at most, and
 * whole numbers up to 2^24 are floats, so a part has 514 terms at most. A part is a run of the input's channels.
 *
 * @param taps of the window
 * @param channels of the input
 * @param width channels of a part, of the last one perhaps fewer
 */
record ExactParts(int taps, int channels, int width) {
    static final int MOST_TERMS = (1 << 24) / (255 * 128);

    /** Null where there is no such cut: more than 514 taps, or groups of more terms. */
    static ExactParts of(ConvSpec spec) {
        int taps = spec.kh() * spec.kw();
        int depth = spec.ic() / spec.groups();
        if ((long) taps * depth <= MOST_TERMS) {
            return new ExactParts(taps, spec.ic(), spec.ic());
        }
        int most = MOST_TERMS / taps;
        if (most == 0 || spec.groups() > 1) {
            return null;
        }
        // Whole vectors where there is room for one.
        int unit = most >= 16 ? 16 : 1;
        most -= most % unit;
        int even = Math.ceilDiv(depth, Math.ceilDiv(depth, most));
        return new ExactParts(taps, depth, Math.ceilDiv(even, unit) * unit);
    }

    int count() {
        return Math.ceilDiv(channels, width);
    }

    /** First channel of a part. */
    int channel(int part) {
        return part * width;
    }

    int width(int part) {
        return Math.min(width, channels - channel(part));
    }
}
