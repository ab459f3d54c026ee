package io.gatun.nn.data;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A set with one field computed from what another set has there. */
final class Mapped implements Dataset {
    private final Dataset set;
    private final int replaced;
    private final List<Field> fields;
    private final Datasets.Mapping mapping;

    Mapped(Dataset set, int replaced, Field field, Datasets.Mapping mapping) {
        this.set = set;
        this.replaced = replaced;
        this.mapping = mapping;
        List<Field> changed = new ArrayList<>(set.fields());
        changed.set(replaced, field);
        Datasets.requireFields("a mapped data set", changed);
        fields = List.copyOf(changed);
    }

    @Override
    public int size() {
        return set.size();
    }

    @Override
    public List<Field> fields() {
        return fields;
    }

    @Override
    public Reader reader() {
        Reader reader = set.reader();
        // Eight bytes at a time, so that every element type is aligned.
        long bytes = set.fields().get(replaced).bytes();
        MemorySegment value = MemorySegment.ofArray(new long[Math.toIntExact((bytes + 7) / 8)])
                .asSlice(0, bytes);
        MemorySegment[] places = new MemorySegment[fields.size()];
        return (sample, random, targets, place) -> {
            for (int i = 0; i < places.length; i++) {
                long size = fields.get(i).bytes();
                places[i] = targets[i].asSlice(place * size, size);
            }
            MemorySegment to = places[replaced];
            places[replaced] = value;
            reader.read(sample, random, places, 0);
            mapping.apply(value, to, random);
        };
    }
}
