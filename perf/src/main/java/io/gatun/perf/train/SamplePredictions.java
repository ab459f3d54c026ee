package io.gatun.perf.train;

import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.log.Png;
import io.gatun.nn.metric.Metric;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** No figure: remembers what a net says of the first test images, and of the first ones that it takes for others. */
final class SamplePredictions implements Metric {
    private static final int FIRST = 16;
    private static final int WRONG = 16;

    /** One answer. */
    record Sample(int image, int label, int predicted, double probability) {}

    private final ImageData data;
    private final List<Sample> first = new ArrayList<>();
    private final List<Sample> wrong = new ArrayList<>();
    private int seen;

    SamplePredictions(ImageData data) {
        this.data = data;
    }

    @Override
    public String name() {
        return "samples";
    }

    @Override
    public void update(MemorySegment predictions, MemorySegment targets, int rows, int columns) {
        for (int row = 0; row < rows; row++) {
            if (first.size() == FIRST && wrong.size() == WRONG) {
                break;
            }
            int label = targets.getAtIndex(ValueLayout.JAVA_INT, row);
            Sample sample = sample(predictions, row, columns, label);
            if (first.size() < FIRST) {
                first.add(sample);
            } else if (sample.predicted != label && wrong.size() < WRONG) {
                wrong.add(sample);
            }
        }
        seen += rows;
    }

    /** The largest logit and its softmax. */
    private Sample sample(MemorySegment logits, int row, int columns, int label) {
        int best = 0;
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < columns; c++) {
            double value = logits.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * columns + c);
            if (value > max) {
                max = value;
                best = c;
            }
        }
        double sum = 0;
        for (int c = 0; c < columns; c++) {
            sum += Math.exp(logits.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * columns + c) - max);
        }
        return new Sample(seen + row, label, best, 1 / sum);
    }

    List<Sample> samples() {
        List<Sample> all = new ArrayList<>(first);
        all.addAll(wrong);
        return all;
    }

    /** The samples as a report takes them. */
    List<Map<String, Object>> forReport() {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Sample sample : samples()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("image", sample.image);
            fields.put("true", data.classNames().get(sample.label));
            fields.put("predicted", data.classNames().get(sample.predicted));
            fields.put("probability", sample.probability);
            ImageDataset test = data.test();
            byte[] png = Png.encode(pixels(sample), test.height(), test.width(), test.channels());
            fields.put("png", Base64.getEncoder().encodeToString(png));
            all.add(fields);
        }
        return all;
    }

    byte[] pixels(Sample sample) {
        int bytes = data.test().imageBytes();
        return Arrays.copyOfRange(data.test().pixels(), sample.image * bytes, (sample.image + 1) * bytes);
    }

    @Override
    public double compute() {
        return Double.NaN;
    }

    @Override
    public Map<String, Double> values() {
        return Map.of();
    }

    @Override
    public void reset() {
        first.clear();
        wrong.clear();
        seen = 0;
    }

    @Override
    public void merge(Metric other) {
        throw new UnsupportedOperationException("sample predictions are taken by one thread");
    }
}
