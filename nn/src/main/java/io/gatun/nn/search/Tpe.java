package io.gatun.nn.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * See {@link Strategy#tpe}. Each dimension alone: the better outcomes have density l, the others g, and of some values
 * drawn from l the one with the largest l / g is tried, whose expected improvement is the largest.
 */
record Tpe(int trials) implements Strategy {
    private static final int CANDIDATES = 24;
    private static final int MOST_GOOD = 25;

    Tpe {
        RandomDraws.requireTrials("TPE", trials);
    }

    @Override
    public List<Request> next(State state) {
        int done = state.outcomes().size();
        List<Request> requests = new ArrayList<>();
        for (int number = done; number < Math.min(trials, done + state.parallel()); number++) {
            requests.add(
                    done < Math.max(10, trials / 10)
                            ? RandomDraws.request(state, number, 0)
                            : new Request(number, 0, likely(state, number)));
        }
        return requests;
    }

    private static Map<String, Object> likely(State state, int number) {
        SplittableRandom random = state.random(number);
        List<Outcome> sorted = state.outcomes().stream()
                .sorted(Comparator.comparingDouble(state::loss).thenComparingInt(Outcome::number))
                .toList();
        // Hyperopt's share: a quarter of the root of the count, at most 25.
        int good = (int) Math.min(MOST_GOOD, Math.ceil(0.25 * Math.sqrt(sorted.size())));
        good = Math.max(good, Math.min(3, sorted.size() - 1));
        Map<String, Object> values = new LinkedHashMap<>();
        for (Dimension dimension : state.space().dimensions()) {
            Density better = Density.of(dimension, sorted.subList(0, good));
            Density worse = Density.of(dimension, sorted.subList(good, sorted.size()));
            double best = Double.NEGATIVE_INFINITY;
            double chosen = 0;
            for (int i = 0; i < CANDIDATES; i++) {
                double place = better.draw(random);
                double gain = Math.log(better.at(place)) - Math.log(worse.at(place));
                if (gain > best) {
                    best = gain;
                    chosen = place;
                }
            }
            values.put(dimension.name(), dimension.at(chosen));
        }
        return Collections.unmodifiableMap(values);
    }

    /** A density over the places 0 to 1. */
    private interface Density {
        double at(double place);

        double draw(SplittableRandom random);

        static Density of(Dimension dimension, List<Outcome> outcomes) {
            double[] places = outcomes.stream()
                    .mapToDouble(outcome -> dimension.place(outcome.values().get(dimension.name())))
                    .sorted()
                    .toArray();
            return dimension instanceof Dimension.Choice ? Counts.of(places, dimension.count()) : Parzen.of(places);
        }
    }

    /** Words by how often they were seen, each once more than it was. */
    private record Counts(double[] shares) implements Density {
        static Counts of(double[] places, int count) {
            double[] shares = new double[count];
            Arrays.fill(shares, 1.0 / (places.length + count));
            for (double place : places) {
                shares[(int) (place * count)] += 1.0 / (places.length + count);
            }
            return new Counts(shares);
        }

        @Override
        public double at(double place) {
            return shares[Math.min(shares.length - 1, (int) (place * shares.length))];
        }

        @Override
        public double draw(SplittableRandom random) {
            double left = random.nextDouble();
            int word = 0;
            while (word < shares.length - 1 && left >= shares[word]) {
                left -= shares[word++];
            }
            return (word + 0.5) / shares.length;
        }
    }

    /**
     * Normal curves at the places seen and a wide one in the middle, the prior, each cut off at 0 and 1. A curve is as wide
     * as the larger distance to its neighbours, within bounds.
     */
    private record Parzen(double[] centres, double[] widths) implements Density {
        static Parzen of(double[] places) {
            double[] centres = Arrays.copyOf(places, places.length + 1);
            centres[places.length] = 0.5;
            double[] widths = new double[centres.length];
            double least = 1.0 / Math.min(100, places.length + 2);
            for (int i = 0; i < places.length; i++) {
                double left = places[i] - (i == 0 ? 0 : places[i - 1]);
                double right = (i == places.length - 1 ? 1 : places[i + 1]) - places[i];
                widths[i] = Math.clamp(Math.max(left, right), least, 1);
            }
            widths[places.length] = 1;
            return new Parzen(centres, widths);
        }

        @Override
        public double at(double place) {
            double sum = 0;
            for (int i = 0; i < centres.length; i++) {
                double z = (place - centres[i]) / widths[i];
                double inside = normal((1 - centres[i]) / widths[i]) - normal(-centres[i] / widths[i]);
                sum += Math.exp(-z * z / 2) / (widths[i] * Math.sqrt(2 * Math.PI) * inside);
            }
            return sum / centres.length;
        }

        /** Below z, by the logistic curve that is within 0.0002 of the normal one (Bowling et al. 2009). */
        private static double normal(double z) {
            return 1 / (1 + Math.exp(-(0.07056 * z * z * z + 1.5976 * z)));
        }

        @Override
        public double draw(SplittableRandom random) {
            int i = random.nextInt(centres.length);
            double place;
            do {
                place = centres[i] + widths[i] * random.nextGaussian();
            } while (place < 0 || place > 1);
            return place;
        }
    }
}
