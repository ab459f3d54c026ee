package io.gatun.nn.data.sample;

import io.gatun.nn.data.table.Matrix;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Under-sampling by distance (Mani and Zhang, 2003): of each class as many samples as the smallest has, chosen by their
 * mean distance to k samples of the smallest class, the lower row of equals.
 *
 * <ol>
 *   <li>those with the least mean distance to their k nearest;
 *   <li>those with the least mean distance to their k farthest;
 *   <li>of those that are among the k nearest to some sample of the smallest class, the ones with the greatest mean
 *       distance to their own k nearest; there may be fewer than wanted.
 * </ol>
 *
 * @param version 1, 2 or 3
 * @param k neighbours, usually 3
 */
public record NearMiss(int version, int k) implements Resampler {

    /** @throws IllegalArgumentException when there is no such version or {@code k} is below 1 */
    public NearMiss {
        if (version < 1 || version > 3 || k < 1) {
            throw new IllegalArgumentException(
                    "NearMiss version " + version + " with k=" + k + ": versions are 1, 2 and 3, k at least 1");
        }
    }

    /** @throws IllegalArgumentException when the smallest class has fewer than k samples */
    @Override
    public Resampled resample(Matrix x, int[] labels) {
        Resampled.check(x, labels);
        ClassMembers members = ClassMembers.of(labels);
        boolean[] keep = new boolean[labels.length];
        if (labels.length == 0) {
            return Resampled.kept(x, labels, keep);
        }
        int smallest = members.smallestClass();
        int wanted = members.count(smallest);
        if (wanted < k) {
            throw new IllegalArgumentException("NearMiss with k=" + k + " needs as many samples of class " + smallest
                    + ", which has " + wanted + ": choose a smaller k");
        }
        Matrix minority = x.select(members.of()[smallest]);
        for (int c : members.present()) {
            int[] chosen = c == smallest || members.count(c) == wanted
                    ? members.of()[c]
                    : choose(x, members.of()[c], minority, wanted);
            for (int row : chosen) {
                keep[row] = true;
            }
        }
        return Resampled.kept(x, labels, keep);
    }

    private int[] choose(Matrix x, int[] own, Matrix minority, int wanted) {
        double[] distance = new double[own.length];
        for (int i = 0; i < own.length; i++) {
            double[] all = Neighbours.distances(x, own[i], minority);
            Arrays.sort(all);
            int from = version == 2 ? all.length - k : 0;
            distance[i] = Arrays.stream(all, from, from + k).sum() / k;
        }
        IntStream candidates = version == 3 ? nearMinority(x.select(own), minority) : IntStream.range(0, own.length);
        int sign = version == 3 ? -1 : 1;
        return candidates
                .boxed()
                .sorted((a, b) -> sign * Double.compare(distance[a], distance[b]))
                .limit(wanted)
                .mapToInt(i -> own[i])
                .toArray();
    }

    /** Ascending, each once. */
    private IntStream nearMinority(Matrix majority, Matrix minority) {
        return Arrays.stream(Neighbours.nearest(minority, majority, k, false))
                .flatMapToInt(Arrays::stream)
                .sorted()
                .distinct();
    }
}
