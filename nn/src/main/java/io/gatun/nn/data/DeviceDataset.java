package io.gatun.nn.data;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import java.util.List;

/**
 * Samples as a device is sent them: some fields in fewer bytes, from which it makes others itself. What comes of a batch is
 * to the bit what the set that it stands for ({@link Dataset#forDevice}) gives on the host.
 */
public interface DeviceDataset extends Dataset {
    /** What the device makes, at least one field; no name of {@link #fields()}. */
    List<Made> made();

    /** A field that the device makes, and how. */
    record Made(Field field, Maker maker) {}

    /** Makes a field, by kernels that a captured step repeats. Thread-safe. */
    @FunctionalInterface
    interface Maker {
        /**
         * The field of all samples of a batch, without a gradient.
         *
         * @param tape of the device
         * @param batch with the fields that were sent
         */
        Tensor make(Tape tape, Batch batch);
    }
}
