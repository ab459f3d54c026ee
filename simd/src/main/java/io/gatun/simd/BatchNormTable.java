package io.gatun.simd;

import io.gatun.memory.Raw;

/**
 * Three or four numbers for each of {@code lanes} channels, vector after vector: a vector of the first numbers, of the
 * second and so on, then the next channels'. A loop along a row so needs one address for all of them; with three C2 kept
 * addresses on the stack (sums of 8 MB: 71 us against 46). The lanes that fill no vector follow in rows of their own.
 */
record BatchNormTable(int lanes, int numbers) {
    /** Bytes of a vector's three. */
    static final long RECORD = 3 * Lanes.BYTES;

    long bytes() {
        return 4L * numbers * lanes;
    }

    /** Lanes in whole vectors. */
    int whole() {
        return Lanes.F.loopBound(lanes);
    }

    /** Bytes before the records' end and the rest's beginning. */
    long records() {
        return 4L * numbers * whole();
    }

    /** Bytes from one number of the last lanes to the next. */
    long rest() {
        return 4L * (lanes - whole());
    }

    float get(long table, int which, int lane) {
        return Raw.f32(table + place(which, lane), 0);
    }

    void set(long table, int which, int lane, float value) {
        Raw.f32(table + place(which, lane), 0, value);
    }

    private long place(int which, int lane) {
        return lane < whole()
                ? lane / Lanes.COUNT * numbers * Lanes.BYTES + which * Lanes.BYTES + lane % Lanes.COUNT * 4L
                : records() + which * rest() + (lane - whole()) * 4L;
    }
}
