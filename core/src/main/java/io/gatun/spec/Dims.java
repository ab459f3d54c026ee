package io.gatun.spec;

import java.util.Arrays;
import java.util.stream.Collectors;

/** A short list of integers with value equality, for shapes and axes inside specs; printed {@code 2x3} or {@code 0,2}. */
public final class Dims {
    private final int[] values;

    private Dims(int[] values) {
        this.values = values;
    }

    public static Dims of(int... values) {
        return new Dims(values.clone());
    }

    public int size() {
        return values.length;
    }

    public int get(int index) {
        return values[index];
    }

    public boolean contains(int value) {
        return Arrays.stream(values).anyMatch(v -> v == value);
    }

    /** The product of all; 1 if there are none. */
    public long product() {
        return Arrays.stream(values).asLongStream().reduce(1, Math::multiplyExact);
    }

    long[] asLongs() {
        return Arrays.stream(values).asLongStream().toArray();
    }

    /** A copy. */
    public int[] toArray() {
        return values.clone();
    }

    String joined(String separator) {
        return Arrays.stream(values).mapToObj(Integer::toString).collect(Collectors.joining(separator));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Dims dims && Arrays.equals(values, dims.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return joined(",");
    }
}
