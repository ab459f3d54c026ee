package io.gatun.nn.data.sample;

import io.gatun.nn.data.table.Matrix;
import java.util.Arrays;

/**
 * Exact nearest neighbours by Euclidean distance: every pair is measured, as the sum of squared differences in double
 * over float values, so equal points have distance 0 exactly. Equally near ones come by lower number. O(n·m·F): 10,000
 * by 10,000 of 30 features are 3·10^9 terms, a few seconds.
 */
final class Neighbours {
    /** Points measured against one query at a time: with 64 features their transposed block is 64 KiB. */
    private static final int BLOCK = 256;

    private Neighbours() {}

    /**
     * The {@code k} nearest points of each query (fewer when there are fewer points), the nearest first.
     *
     * @param self whether query i is point i, which is then not its own neighbour
     */
    static int[][] nearest(Matrix queries, Matrix points, int k, boolean self) {
        int limit = Math.min(k, points.rows() - (self ? 1 : 0));
        int[][] found = new int[queries.rows()][Math.max(limit, 0)];
        if (limit <= 0) {
            return found;
        }
        double[][] distances = new double[queries.rows()][limit];
        for (double[] row : distances) {
            Arrays.fill(row, Double.POSITIVE_INFINITY);
        }
        for (int[] row : found) {
            Arrays.fill(row, -1);
        }
        double[] sums = new double[BLOCK];
        float[] block = new float[BLOCK * points.columns()];
        for (int start = 0; start < points.rows(); start += BLOCK) {
            int size = Math.min(BLOCK, points.rows() - start);
            transpose(points, start, size, block);
            for (int q = 0; q < queries.rows(); q++) {
                squares(queries, q, block, size, sums);
                for (int j = 0; j < size; j++) {
                    if ((!self || start + j != q) && sums[j] < distances[q][limit - 1]) {
                        insert(found[q], distances[q], start + j, sums[j]);
                    }
                }
            }
        }
        checkFound(found, queries);
        return found;
    }

    /** Distances of a query to the points, each the root of its squares; not sorted. */
    static double[] distances(Matrix queries, int query, Matrix points) {
        double[] all = new double[points.rows()];
        double[] sums = new double[BLOCK];
        float[] block = new float[BLOCK * points.columns()];
        for (int start = 0; start < all.length; start += BLOCK) {
            int size = Math.min(BLOCK, all.length - start);
            transpose(points, start, size, block);
            squares(queries, query, block, size, sums);
            for (int j = 0; j < size; j++) {
                all[start + j] = Math.sqrt(sums[j]);
            }
        }
        return all;
    }

    /** Feature by feature, so that the loop over points below runs over neighbouring memory. */
    private static void transpose(Matrix points, int start, int size, float[] block) {
        int features = points.columns();
        for (int j = 0; j < size; j++) {
            for (int f = 0; f < features; f++) {
                block[f * BLOCK + j] = points.values()[(start + j) * features + f];
            }
        }
    }

    private static void squares(Matrix queries, int query, float[] block, int size, double[] sums) {
        int features = queries.columns();
        Arrays.fill(sums, 0, size, 0);
        for (int f = 0; f < features; f++) {
            double x = queries.values()[query * features + f];
            int row = f * BLOCK;
            for (int j = 0; j < size; j++) {
                double difference = x - block[row + j];
                sums[j] += difference * difference;
            }
        }
    }

    /** Points come in ascending order, so an equally near one stays behind those that are there. */
    private static void insert(int[] found, double[] distances, int point, double distance) {
        int at = found.length - 1;
        while (at > 0 && distances[at - 1] > distance) {
            distances[at] = distances[at - 1];
            found[at] = found[at - 1];
            at--;
        }
        distances[at] = distance;
        found[at] = point;
    }

    /** A point of NaN or infinity has no distance to anything. */
    private static void checkFound(int[][] found, Matrix queries) {
        for (int q = 0; q < found.length; q++) {
            if (found[q][found[q].length - 1] < 0) {
                throw new IllegalArgumentException("row " + q + " of " + queries
                        + " has no finite distance to its neighbours: impute missing values and scale first");
            }
        }
    }
}
