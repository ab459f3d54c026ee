package io.gatun.nn.search;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** See {@link Strategy#grid}. */
record Grid(int points) implements Strategy {
    /** Some hundred bytes each, asked for all at once. */
    private static final int MOST = 1_000_000;

    Grid {
        if (points < 2) {
            throw new IllegalArgumentException("a grid needs at least 2 points along a real, not " + points);
        }
    }

    @Override
    public List<Request> next(State state) {
        if (!state.outcomes().isEmpty()) {
            return List.of();
        }
        requireFew(state.space());
        List<Map<String, Object>> combinations = List.of(Map.of());
        for (Dimension dimension : state.space().dimensions()) {
            List<Map<String, Object>> longer = new ArrayList<>();
            for (Map<String, Object> values : combinations) {
                for (Object value : values(dimension)) {
                    Map<String, Object> more = new LinkedHashMap<>(values);
                    more.put(dimension.name(), value);
                    longer.add(Collections.unmodifiableMap(more));
                }
            }
            combinations = longer;
        }
        List<Request> requests = new ArrayList<>();
        combinations.forEach(values -> requests.add(new Request(requests.size(), 0, values)));
        return requests;
    }

    private void requireFew(Space space) {
        double count = 1;
        for (Dimension dimension : space.dimensions()) {
            count *= dimension.count() > 0 ? dimension.count() : points;
        }
        if (count > MOST) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "a grid of %.3g combinations is more than %,d; give fewer points or dimensions, or draw at random",
                    count,
                    MOST));
        }
    }

    private List<Object> values(Dimension dimension) {
        if (dimension.count() > 0) {
            return dimension.values();
        }
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < points; i++) {
            values.add(dimension.at(i / (points - 1.0)));
        }
        return values;
    }
}
