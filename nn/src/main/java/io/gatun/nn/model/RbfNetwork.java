package io.gatun.nn.model;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Rbf;
import io.gatun.nn.data.SplitMix;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A radial basis function network (Broomhead, Lowe 1988): Gaussian units, each of which answers near its centre, and a linear
 * layer of their answers. {@link #centre} puts the centres where the data are; then the linear layer alone, or all of it,
 * is trained.
 */
public final class RbfNetwork extends Module {
    private static final int ROUNDS = 50;

    private final int units;
    private final Rbf rbf;
    private final Linear linear;

    /** Parameters {@code rbf.centres} [units, in], {@code rbf.beta} [units], {@code linear.weight} and {@code linear.bias}. */
    public RbfNetwork(int in, int units, int out) {
        this.units = units;
        rbf = child("rbf", new Rbf(in, units));
        linear = child("linear", new Linear(units, out));
    }

    /** [n, out] of rows [n, in]. */
    @Override
    public Tensor forward(Tensor rows) {
        return through(linear, rbf.call(rows), rows);
    }

    /**
     * Puts the centres where k-means finds them (Lloyd 1982, from points drawn without replacement), and gives each unit the
     * width σ of the mean distance from a centre to its nearest neighbour: β = 1 / 2σ². After {@link #allocate}.
     *
     * @param points rows of the training set
     * @param seed the same gives the same centres
     * @throws IllegalArgumentException for fewer points than units
     */
    public RbfNetwork centre(float[][] points, long seed) {
        if (points.length < units) {
            throw new IllegalArgumentException("RbfNetwork: " + points.length + " points cannot give " + units
                    + " centres; use fewer units or more points");
        }
        double[][] centres = kMeans(points, units, SplitMix.of(seed));
        Parameter where = stateDict().get("rbf.centres");
        float[] flat = new float[Math.toIntExact(where.shape().elements())];
        int in = where.shape().last();
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (float) centres[i / in][i % in];
        }
        where.copyFrom(flat);
        double nearest = 0;
        for (int k = 0; k < units; k++) {
            double least = Double.POSITIVE_INFINITY;
            for (int j = 0; j < units; j++) {
                least = j == k ? least : Math.min(least, squaredDistance(centres[k], centres[j]));
            }
            nearest += Math.sqrt(least) / units;
        }
        float[] beta = new float[units];
        // One unit alone has no neighbour.
        Arrays.fill(beta, units == 1 ? 1 : (float) (1 / (2 * nearest * nearest)));
        stateDict().get("rbf.beta").copyFrom(beta);
        parameters().changed();
        return this;
    }

    /** Each point goes to its nearest centre, each centre to the mean of its points, until none moves. */
    private static double[][] kMeans(float[][] points, int count, SplitMix random) {
        int[] order = IntStream.range(0, points.length).toArray();
        random.shuffle(order);
        double[][] centres = new double[count][];
        for (int k = 0; k < count; k++) {
            centres[k] = toDouble(points[order[k]]);
        }
        double[][] before = null;
        for (int round = 0; round < ROUNDS && !Arrays.deepEquals(before, centres); round++) {
            before = centres;
            centres = means(points, centres);
        }
        return centres;
    }

    private static double[][] means(float[][] points, double[][] centres) {
        double[][] sums = new double[centres.length][centres[0].length];
        int[] counts = new int[centres.length];
        for (float[] row : points) {
            double[] point = toDouble(row);
            int best = 0;
            for (int k = 1; k < centres.length; k++) {
                if (squaredDistance(point, centres[k]) < squaredDistance(point, centres[best])) {
                    best = k;
                }
            }
            counts[best]++;
            for (int i = 0; i < point.length; i++) {
                sums[best][i] += point[i];
            }
        }
        for (int k = 0; k < sums.length; k++) {
            for (int i = 0; i < sums[k].length; i++) {
                // Who has no points stays where it is.
                sums[k][i] = counts[k] == 0 ? centres[k][i] : sums[k][i] / counts[k];
            }
        }
        return sums;
    }

    private static double[] toDouble(float[] row) {
        double[] point = new double[row.length];
        for (int i = 0; i < row.length; i++) {
            point[i] = row[i];
        }
        return point;
    }

    private static double squaredDistance(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }
}
