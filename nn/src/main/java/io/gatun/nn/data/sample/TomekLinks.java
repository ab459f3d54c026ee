package io.gatun.nn.data.sample;

import io.gatun.nn.data.table.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Removes samples of Tomek links (Tomek, 1976): two samples of different classes that are each other's nearest, so that
 * one is noise or both lie at the border.
 *
 * @param both remove both samples of a link; else only those that are not of the smallest class
 */
public record TomekLinks(boolean both) implements Resampler {

    /**
     * A link.
     *
     * @param first the lower row
     * @param second the higher row
     */
    public record Link(int first, int second) {}

    /** All links, by their first row. A sample's nearest is the lowest of equally near ones. */
    public static List<Link> find(Matrix x, int[] labels) {
        Resampled.check(x, labels);
        int[][] nearest = Neighbours.nearest(x, x, 1, true);
        List<Link> links = new ArrayList<>();
        for (int i = 0; i < nearest.length && nearest[i].length > 0; i++) {
            int other = nearest[i][0];
            if (other > i && labels[other] != labels[i] && nearest[other][0] == i) {
                links.add(new Link(i, other));
            }
        }
        return links;
    }

    @Override
    public Resampled resample(Matrix x, int[] labels) {
        boolean[] keep = new boolean[labels.length];
        Arrays.fill(keep, true);
        List<Link> links = find(x, labels);
        if (!links.isEmpty()) {
            int smallest = ClassMembers.of(labels).smallestClass();
            for (Link link : links) {
                keep[link.first] = !both && labels[link.first] == smallest;
                keep[link.second] = !both && labels[link.second] == smallest;
            }
        }
        return Resampled.kept(x, labels, keep);
    }
}
