package io.gatun.nn.data;

import java.util.Arrays;
import java.util.List;

/** Several sets, one after the other. */
final class Concatenation implements Dataset {
    private final Dataset[] sets;

    /** For each set the number of its first sample, and the number of all samples. */
    private final int[] starts;

    Concatenation(Dataset[] sets) {
        if (sets.length == 0) {
            throw new IllegalArgumentException("concat needs at least one data set");
        }
        starts = new int[sets.length + 1];
        for (int i = 0; i < sets.length; i++) {
            if (!sets[i].fields().equals(sets[0].fields())) {
                throw new IllegalArgumentException("data set " + i + " has fields " + sets[i].fields() + ", set 0 has "
                        + sets[0].fields() + ": only sets of the same fields can be concatenated");
            }
            if (Integer.MAX_VALUE - starts[i] < sets[i].size()) {
                throw new IllegalArgumentException("the sets together have more than 2,147,483,647 samples");
            }
            starts[i + 1] = starts[i] + sets[i].size();
        }
        this.sets = sets;
    }

    @Override
    public int size() {
        return starts[sets.length];
    }

    @Override
    public List<Field> fields() {
        return sets[0].fields();
    }

    @Override
    public Reader reader() {
        Reader[] readers = Arrays.stream(sets).map(Dataset::reader).toArray(Reader[]::new);
        return (sample, random, targets, place) -> {
            int set = 0;
            while (sample >= starts[set + 1]) {
                set++;
            }
            readers[set].read(sample - starts[set], random, targets, place);
        };
    }
}
