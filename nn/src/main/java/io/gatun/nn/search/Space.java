package io.gatun.nn.search;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The hyper-parameters to choose and their ranges. Immutable.
 *
 * @param dimensions each with a name of its own
 */
public record Space(List<Dimension> dimensions) {
    public Space {
        dimensions = List.copyOf(dimensions);
        Set<String> names = new HashSet<>();
        for (Dimension dimension : dimensions) {
            if (!names.add(dimension.name())) {
                throw new IllegalArgumentException(
                        "two hyper-parameters are named '" + dimension.name() + "'; rename one");
            }
        }
    }

    /** Nothing to choose yet. */
    public static Space empty() {
        return new Space(List.of());
    }

    /** With reals from {@code low} to {@code high}, all as likely. */
    public Space real(String name, double low, double high) {
        return with(new Dimension.Real(name, low, high, false));
    }

    /** With reals of which each factor of ten is as likely as the next: learning rates. */
    public Space logReal(String name, double low, double high) {
        return with(new Dimension.Real(name, low, high, true));
    }

    /** With the whole numbers low, low + step, … up to {@code high}. */
    public Space whole(String name, long low, long high, long step) {
        return with(new Dimension.Whole(name, low, high, step));
    }

    /** With one of some words. */
    public Space choice(String name, String... words) {
        return with(new Dimension.Choice(name, List.of(words)));
    }

    private Space with(Dimension dimension) {
        List<Dimension> more = new ArrayList<>(dimensions);
        more.add(dimension);
        return new Space(more);
    }

    /** A value for each dimension. */
    Map<String, Object> draw(SplittableRandom random) {
        Map<String, Object> values = new LinkedHashMap<>();
        dimensions.forEach(dimension -> values.put(dimension.name(), dimension.draw(random)));
        return Collections.unmodifiableMap(values);
    }
}
