package io.gatun.nn.data;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Data sets made of arrays and of other data sets. */
public final class Datasets {
    private Datasets() {}

    /**
     * Rows of numbers and a class for each: {@code features} f32 [D] and {@code labels} i32 []. Copied.
     *
     * @throws IllegalArgumentException when the rows differ in length or there are not as many labels
     */
    public static Dataset of(float[][] features, int[] labels) {
        requireAsMany(features.length, labels.length, "labels");
        return new TensorDataset(
                features.length,
                List.of(rows("features", features), new Field("labels", DType.I32, Shape.of())),
                List.of(flat(features), MemorySegment.ofArray(labels.clone())));
    }

    /**
     * Rows of numbers and what to predict from each: {@code features} f32 [D] and {@code targets} f32 [K]. Copied.
     *
     * @throws IllegalArgumentException when rows differ in length or there are not as many targets
     */
    public static Dataset of(float[][] features, float[][] targets) {
        requireAsMany(features.length, targets.length, "targets");
        return new TensorDataset(
                features.length,
                List.of(rows("features", features), rows("targets", targets)),
                List.of(flat(features), flat(targets)));
    }

    private static void requireAsMany(int features, int others, String what) {
        if (features != others) {
            throw new IllegalArgumentException(
                    features + " rows of features and " + others + " " + what + "; give as many of both");
        }
    }

    private static Field rows(String name, float[][] rows) {
        int width = rows.length == 0 ? 0 : rows[0].length;
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != width) {
                throw new IllegalArgumentException(
                        name + ": row " + i + " has " + rows[i].length + " numbers, row 0 has " + width);
            }
        }
        return new Field(name, DType.F32, Shape.of(width));
    }

    private static MemorySegment flat(float[][] rows) {
        int width = rows.length == 0 ? 0 : rows[0].length;
        float[] flat = new float[Math.multiplyExact(rows.length, width)];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, flat, i * width, width);
        }
        return MemorySegment.ofArray(flat);
    }

    /**
     * The samples of these numbers, in this order; a number may come twice. A copy of the numbers, not of the samples.
     *
     * @throws IndexOutOfBoundsException when the set has no such sample
     */
    public static Dataset subset(Dataset set, int... indices) {
        for (int index : indices) {
            if (index < 0 || index >= set.size()) {
                throw new IndexOutOfBoundsException("sample " + index + " is not in 0.." + (set.size() - 1));
            }
        }
        return new Subset(set, indices.clone());
    }

    /** The samples {@code from} (included) to {@code to} (excluded). */
    public static Dataset range(Dataset set, int from, int to) {
        int[] indices = new int[Math.max(to - from, 0)];
        Arrays.setAll(indices, i -> from + i);
        return subset(set, indices);
    }

    /**
     * The samples of several sets of the same fields, one set after the other.
     *
     * @throws IllegalArgumentException when the fields differ, there is no set, or there are 2^31 samples and more
     */
    public static Dataset concat(Dataset... sets) {
        return new Concatenation(sets.clone());
    }

    /** Makes one field of a sample from another. Thread-safe. */
    @FunctionalInterface
    public interface Mapping {
        /**
         * Computes one sample's value.
         *
         * @param from the value in the mapped set, which may be changed
         * @param to where the new value goes
         * @param random this sample's random numbers, or null for an evaluation: draw nothing then
         */
        void apply(MemorySegment from, MemorySegment to, SplitMix random);
    }

    /**
     * A set in which one field is another, computed when a sample is read.
     *
     * @param name of the field that is replaced
     * @param field what it becomes
     */
    public static Dataset map(Dataset set, String name, Field field, Mapping mapping) {
        return new Mapped(set, set.field(name), field, mapping);
    }

    static void requireFields(String what, List<Field> fields) {
        Set<String> names = new HashSet<>();
        fields.forEach(field -> names.add(field.name()));
        if (fields.isEmpty() || names.size() != fields.size()) {
            throw new IllegalArgumentException(what + " needs at least one field and no name twice, got " + fields);
        }
    }
}
