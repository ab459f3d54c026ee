package io.gatun.nn.data;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Samples by their number, each with the same named {@link Field}s. Immutable and thread-safe; what a thread needs for
 * itself, such as room for a decoded image, is in its {@link Reader}.
 *
 * <p>A sample is read in one of two ways: with random numbers, for training, where a set may augment it; or without,
 * for evaluation, where it must be what it is. There is nothing else to switch off.
 */
public interface Dataset {
    /** N, the number of samples. */
    int size();

    /** What each sample consists of; at least one field, no name twice. */
    List<Field> fields();

    /** A reader for one thread. */
    Reader reader();

    /**
     * The same samples as a device is best sent them; none where that is as they are. The fields that {@link #fields()} has
     * and it does not send, it makes.
     */
    default Optional<DeviceDataset> forDevice() {
        return Optional.empty();
    }

    /** The place of a field in {@link #fields()}. */
    default int field(String name) {
        List<Field> fields = fields();
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i).name().equals(name)) {
                return i;
            }
        }
        throw new IllegalArgumentException("no field is called '" + name + "'; there are " + fields);
    }

    /** Reads samples, on one thread at a time. */
    interface Reader {
        /**
         * Writes one sample.
         *
         * @param sample from 0, below {@link Dataset#size()}
         * @param random this sample's random numbers in this epoch, or null for an evaluation: draw nothing then
         * @param targets for each field the memory of a whole batch
         * @param place of the sample in the batch: field f goes to {@code targets[f]} at {@code place * field.bytes()}
         * @throws java.io.UncheckedIOException when a file cannot be read
         */
        void read(int sample, SplitMix random, MemorySegment[] targets, int place);
    }
}
