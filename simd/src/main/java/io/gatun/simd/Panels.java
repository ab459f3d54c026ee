package io.gatun.simd;

import java.util.Arrays;

/**
 * How N columns are cut into panels, each of a whole number of vectors and as wide as a tile. One vector alone runs at
 * 0.7 of the speed of two or more, so 4 + 1 becomes 3 + 2.
 */
final class Panels {
    private final int columns;
    private final int[] first;

    Panels(int columns, Tiles tiles) {
        int vectors = Math.ceilDiv(columns, Lanes.COUNT);
        int widest = tiles.widest();
        int count = Math.ceilDiv(vectors, widest);
        this.columns = columns;
        this.first = new int[count + 1];
        for (int p = 0, vector = 0; p < count; p++) {
            int left = vectors - vector;
            int take = left == widest + 1 && widest > 2 ? widest - 1 : Math.min(widest, left);
            vector += take;
            first[p + 1] = vector;
        }
    }

    int count() {
        return first.length - 1;
    }

    /** First column of panel p. */
    int column(int p) {
        return first[p] * Lanes.COUNT;
    }

    int vectors(int p) {
        return first[p + 1] - first[p];
    }

    /** Floats in a row of panel p, padding included. */
    int width(int p) {
        return vectors(p) * Lanes.COUNT;
    }

    /** Columns of panel p that exist. */
    int columns(int p) {
        return Math.min(width(p), columns - column(p));
    }

    /** Floats in a row of all panels. */
    int padded() {
        return first[count()] * Lanes.COUNT;
    }

    @Override
    public String toString() {
        return columns + " columns in panels at " + Arrays.toString(first);
    }
}
