package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import io.gatun.spec.Spec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** What a case feeds to a kernel and to its oracle: each read operand by name, in double; 64-bit ones as longs. */
final class Inputs {
    /** Whether all values are small integers, so that every sum and product is exact in float. */
    final boolean exact;

    private final Map<String, double[]> values = new LinkedHashMap<>();
    private final Map<String, long[]> longs = new LinkedHashMap<>();

    Inputs(boolean exact) {
        this.exact = exact;
    }

    /** Every f32 operand that is read, filled at random: integers within {@code magnitude}, else uniform reals. */
    static Inputs random(Spec spec, boolean exact, double magnitude, SplittableRandom random) {
        Inputs inputs = new Inputs(exact);
        for (Operand operand : spec.operands()) {
            boolean read = operand.access() == Operand.Access.READ || operand.access() == Operand.Access.UPDATE;
            if (read && operand.type() == DType.F32) {
                int count = Math.toIntExact(operand.elements());
                inputs.put(
                        operand.name(),
                        exact ? integers(count, (int) magnitude, random) : reals(count, magnitude, random));
            }
        }
        return inputs;
    }

    /** Integers in [-magnitude / 2, magnitude] without 0: sums of them are rarely zero. */
    static double[] integers(int count, int magnitude, SplittableRandom random) {
        double[] values = new double[count];
        int top = Math.max(1, magnitude);
        for (int i = 0; i < count; i++) {
            int value = random.nextInt(-(top / 2), top);
            values[i] = value >= 0 ? value + 1 : value;
        }
        return values;
    }

    /** Float values, uniform in (-magnitude, magnitude). */
    static double[] reals(int count, double magnitude, SplittableRandom random) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble(-magnitude, magnitude);
        }
        return values;
    }

    /** As floats, which is how a kernel gets them. */
    static double[] rounded(double[] values) {
        double[] floats = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /** The same with every number multiplied. */
    Inputs times(double factor) {
        Inputs scaled = new Inputs(exact);
        values.forEach((name, of) ->
                scaled.put(name, Arrays.stream(of).map(v -> v * factor).toArray()));
        scaled.longs.putAll(longs);
        return scaled;
    }

    Inputs put(String name, double... of) {
        values.put(name, of);
        return this;
    }

    Inputs putLongs(String name, long... of) {
        longs.put(name, of);
        return this;
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    double[] get(String name) {
        double[] found = values.get(name);
        if (found == null) {
            throw new IllegalStateException("no input '" + name + "' among " + values.keySet());
        }
        return found;
    }

    long[] getLongs(String name) {
        return longs.get(name);
    }

    Map<String, double[]> all() {
        return values;
    }

    /** The same arrays with one of them replaced. */
    Inputs with(String name, double[] replacement) {
        Inputs copy = new Inputs(exact);
        copy.values.putAll(values);
        copy.longs.putAll(longs);
        copy.values.put(name, replacement);
        return copy;
    }

    /** The same with one element replaced. */
    Inputs with(String name, int index, double value) {
        double[] changed = get(name).clone();
        changed[index] = value;
        return with(name, changed);
    }
}
