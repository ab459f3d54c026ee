package io.gatun.nn.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * Mean average precision of detected boxes. In each image, from the largest score down, a detection takes the free true
 * box of its class that it overlaps most, the first of equals, if their intersection over union is at least the
 * threshold; otherwise it is a false alarm. Equal scores keep the order in which they came. A class's average precision is
 * read from precisions made monotonic (each the largest at its recall or beyond); the mean is over classes with true boxes.
 *
 * <p>As COCO's without its crowds, size ranges and limit of 100 detections an image. One thread at a time.
 */
public final class MeanAveragePrecision {
    /** Where the monotonic precisions are read. */
    public enum Interpolation {
        /** COCO: the mean over recalls 0, 0.01, …, 1. */
        POINTS_101,
        /** VOC since 2010: the whole area. */
        ALL_POINTS
    }

    /** A box that a model found. */
    public record Detection(Box box, int label, double score) {}

    /** A box that is there. */
    public record Truth(Box box, int label) {}

    private record Image(List<Detection> detections, List<Truth> truths) {}

    private record Answer(double score, boolean right) {}

    private final Interpolation interpolation;
    private final List<Image> images = new ArrayList<>();

    /** COCO's interpolation. */
    public MeanAveragePrecision() {
        this(Interpolation.POINTS_101);
    }

    /** By another rule for the area under a curve. */
    public MeanAveragePrecision(Interpolation interpolation) {
        this.interpolation = interpolation;
    }

    /** One image. */
    public void update(List<Detection> detections, List<Truth> truths) {
        List<Detection> sorted = new ArrayList<>(detections);
        sorted.sort(Comparator.comparingDouble(Detection::score).reversed());
        images.add(new Image(sorted, List.copyOf(truths)));
    }

    /** Adds another one's images. */
    public void merge(MeanAveragePrecision other) {
        images.addAll(other.images);
    }

    /** Forgets all images. */
    public void reset() {
        images.clear();
    }

    /** The mean over classes and over the thresholds 0.5, 0.55, …, 0.95: COCO's headline figure. */
    public double compute() {
        double sum = 0;
        for (int percent = 50; percent <= 95; percent += 5) {
            sum += compute(percent / 100.0);
        }
        return sum / 10;
    }

    /** The mean over classes at one threshold; NaN without true boxes. */
    public double compute(double iou) {
        TreeSet<Integer> labels = new TreeSet<>();
        images.forEach(image -> image.truths.forEach(truth -> labels.add(truth.label)));
        double sum = 0;
        for (int label : labels) {
            sum += averagePrecision(label, iou);
        }
        return sum / labels.size();
    }

    /** Of one class; NaN without true boxes of it. */
    public double averagePrecision(int label, double iou) {
        if (!(iou > 0 && iou <= 1)) {
            throw new IllegalArgumentException("an intersection over union of " + iou + " is not within (0, 1]");
        }
        List<Answer> answers = new ArrayList<>();
        int truths = 0;
        for (Image image : images) {
            List<Box> boxes = image.truths.stream()
                    .filter(truth -> truth.label == label)
                    .map(Truth::box)
                    .toList();
            truths += boxes.size();
            match(image, label, boxes, iou, answers);
        }
        if (truths == 0) {
            return Double.NaN;
        }
        answers.sort(Comparator.comparingDouble(Answer::score).reversed());
        return area(answers, truths);
    }

    private static void match(Image image, int label, List<Box> boxes, double iou, List<Answer> answers) {
        boolean[] taken = new boolean[boxes.size()];
        for (Detection detection : image.detections) {
            if (detection.label != label) {
                continue;
            }
            int best = -1;
            double most = 0;
            for (int i = 0; i < taken.length; i++) {
                double overlap = taken[i] ? 0 : detection.box.iou(boxes.get(i));
                if (overlap >= iou && overlap > most) {
                    most = overlap;
                    best = i;
                }
            }
            if (best >= 0) {
                taken[best] = true;
            }
            answers.add(new Answer(detection.score, best >= 0));
        }
    }

    private double area(List<Answer> answers, int truths) {
        int n = answers.size();
        int[] found = new int[n];
        double[] precision = new double[n];
        int right = 0;
        for (int i = 0; i < n; i++) {
            right += answers.get(i).right ? 1 : 0;
            found[i] = right;
            precision[i] = (double) right / (i + 1);
        }
        for (int i = n - 2; i >= 0; i--) {
            precision[i] = Math.max(precision[i], precision[i + 1]);
        }
        return interpolation == Interpolation.POINTS_101
                ? points(found, precision, truths)
                : whole(found, precision, truths);
    }

    /** In whole numbers, so that a recall of exactly 0.57 is reached by 57 of 100. */
    private static double points(int[] found, double[] precision, int truths) {
        double[] read = new double[101];
        int i = 0;
        for (int percent = 0; percent <= 100; percent++) {
            while (i < found.length && 100L * found[i] < (long) percent * truths) {
                i++;
            }
            read[percent] = i < found.length ? precision[i] : 0;
        }
        return Arrays.stream(read).sum() / 101;
    }

    private static double whole(int[] found, double[] precision, int truths) {
        double area = 0;
        int before = 0;
        for (int i = 0; i < found.length; i++) {
            area += (double) (found[i] - before) / truths * precision[i];
            before = found[i];
        }
        return area;
    }
}
