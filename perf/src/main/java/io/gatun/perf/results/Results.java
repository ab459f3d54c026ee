package io.gatun.perf.results;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one machine measured, by {@link Measurement#id}, in the order of measuring. Immutable. */
public final class Results {
    private final Environment environment;
    private final Map<String, Measurement> measurements = new LinkedHashMap<>();

    public Results(Environment environment, Collection<Measurement> measurements) {
        this.environment = environment;
        measurements.forEach(one -> this.measurements.put(one.id(), one));
    }

    public Environment environment() {
        return environment;
    }

    public List<Measurement> all() {
        return List.copyOf(measurements.values());
    }

    /** The benchmark of that id, or null. */
    public Measurement get(String id) {
        return measurements.get(id);
    }

    /** These, with one measured anew in its old place or added at the end. */
    public Results with(Measurement measurement) {
        List<Measurement> all = new ArrayList<>(measurements.values());
        Results results = new Results(environment, all);
        results.measurements.put(measurement.id(), measurement);
        return results;
    }
}
