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
        this(columns, tiles, tiles.widest());
    }

    /** Panels of {@code main} vectors; where one vector would be left over, the last has one more, or the last two share. */
    Panels(int columns, Tiles tiles, int main) {
        int vectors = Math.ceilDiv(columns, Lanes.COUNT);
        boolean more = main < tiles.widest() && vectors > main && vectors % main == 1;
        int count = Math.ceilDiv(vectors, main) - (more ? 1 : 0);
        this.columns = columns;
        this.first = new int[count + 1];
        for (int p = 0, vector = 0; p < count; p++) {
            int left = vectors - vector;
            if (left == main + 1) {
                vector += more ? main + 1 : main > 2 ? main - 1 : main;
            } else {
                vector += Math.min(main, left);
            }
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
