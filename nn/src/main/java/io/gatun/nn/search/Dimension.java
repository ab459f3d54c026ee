package io.gatun.nn.search;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One hyper-parameter: its name and the values it may take. Every value has a place from 0 to 1, on which searches work:
 * neighbours in the parameter are neighbours there.
 */
public sealed interface Dimension {
    String name();

    /** The value at a place from 0 to 1: a Double, a Long or a String. */
    Object at(double place);

    /** A place that gives the value. */
    double place(Object value);

    /** How many values there are, 0 where they are not countable. */
    int count();

    /** The values in order, where they are countable. */
    default List<Object> values() {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < count(); i++) {
            values.add(at((i + 0.5) / count()));
        }
        return values;
    }

    /** A value that every value of the dimension is as likely as. */
    default Object draw(SplittableRandom random) {
        return at(random.nextDouble());
    }

    /** Reals from {@code low} to {@code high}; where {@code log}, each factor of ten is as likely as the next. */
    record Real(String name, double low, double high, boolean log) implements Dimension {
        public Real {
            boolean ordered = low < high && Double.isFinite(low) && Double.isFinite(high);
            if (!ordered || (log && low <= 0)) {
                throw new IllegalArgumentException(name + ": the range from " + low + " to " + high
                        + (log ? " must be positive and" : " must be finite and") + " rise");
            }
        }

        @Override
        public Object at(double place) {
            double value = log ? low * Math.pow(high / low, place) : low + place * (high - low);
            return Math.clamp(value, low, high);
        }

        @Override
        public double place(Object value) {
            double number = (Double) value;
            double place = log ? Math.log(number / low) / Math.log(high / low) : (number - low) / (high - low);
            return Math.clamp(place, 0, 1);
        }

        @Override
        public int count() {
            return 0;
        }
    }

    /** Whole numbers low, low + step, …, up to {@code high}. */
    record Whole(String name, long low, long high, long step) implements Dimension {
        public Whole {
            if (low > high || step < 1 || (high - low) / step >= Integer.MAX_VALUE) {
                throw new IllegalArgumentException(
                        name + ": whole numbers from " + low + " to " + high + " by " + step + " are not a range");
            }
        }

        @Override
        public Object at(double place) {
            return low + step * Math.min(count() - 1L, (long) (place * count()));
        }

        @Override
        public double place(Object value) {
            return ((Long) value - low + step * 0.5) / (step * (double) count());
        }

        @Override
        public int count() {
            return (int) ((high - low) / step + 1);
        }
    }

    /** One of some words, which have no order. */
    record Choice(String name, List<String> words) implements Dimension {
        public Choice {
            words = List.copyOf(words);
            if (words.isEmpty() || words.stream().distinct().count() != words.size()) {
                throw new IllegalArgumentException(
                        name + ": the choices " + words + " must be one or more, all different");
            }
        }

        @Override
        public Object at(double place) {
            return words.get(Math.min(words.size() - 1, (int) (place * words.size())));
        }

        @Override
        public double place(Object value) {
            return (words.indexOf((String) value) + 0.5) / words.size();
        }

        @Override
        public int count() {
            return words.size();
        }
    }
}
