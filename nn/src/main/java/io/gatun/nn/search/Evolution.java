package io.gatun.nn.search;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** See {@link Strategy#evolution}. */
record Evolution(int trials, int population) implements Strategy {
    /** Standard deviation of a change, as a share of a dimension's range. */
    private static final double SPREAD = 0.2;

    Evolution {
        if (population < 2 || population > trials) {
            throw new IllegalArgumentException("evolution: a population of " + population
                    + " must be at least 2 and at most the " + trials + " trials");
        }
    }

    @Override
    public List<Request> next(State state) {
        int done = state.outcomes().size();
        List<Request> requests = new ArrayList<>();
        for (int number = done; number < Math.min(trials, done + state.parallel()); number++) {
            requests.add(
                    number < population
                            ? RandomDraws.request(state, number, 0)
                            : new Request(number, 0, child(state, number)));
        }
        return requests;
    }

    private Map<String, Object> child(State state, int number) {
        SplittableRandom random = state.random(number);
        List<Outcome> all = state.outcomes();
        List<Outcome> youngest = all.subList(Math.max(0, all.size() - population), all.size());
        Outcome parent = youngest.get(random.nextInt(youngest.size()));
        // A tournament of a quarter of the population, the first parent included.
        for (int i = 1; i < Math.max(2, population / 4); i++) {
            Outcome other = youngest.get(random.nextInt(youngest.size()));
            parent = state.loss(other) < state.loss(parent) ? other : parent;
        }
        List<Dimension> dimensions = state.space().dimensions();
        Dimension changed = dimensions.get(random.nextInt(dimensions.size()));
        Map<String, Object> values = new LinkedHashMap<>(parent.values());
        values.put(changed.name(), mutated(changed, parent.values().get(changed.name()), random));
        return Collections.unmodifiableMap(values);
    }

    /** A word becomes any other, a number one near it; at the ends of a range it turns back. */
    private static Object mutated(Dimension dimension, Object value, SplittableRandom random) {
        if (dimension.count() == 1) {
            return value;
        }
        Object changed = value;
        while (changed.equals(value)) {
            if (dimension instanceof Dimension.Choice) {
                changed = dimension.draw(random);
            } else {
                double place = Math.abs(dimension.place(value) + SPREAD * random.nextGaussian()) % 2;
                changed = dimension.at(place > 1 ? 2 - place : place);
            }
        }
        return changed;
    }
}
