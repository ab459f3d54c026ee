package io.gatun.nn.data;

import java.util.List;

/** Some samples of another set. */
record Subset(Dataset set, int[] indices) implements Dataset {
    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public List<Field> fields() {
        return set.fields();
    }

    @Override
    public Reader reader() {
        Reader reader = set.reader();
        return (sample, random, targets, place) -> reader.read(indices[sample], random, targets, place);
    }
}
