package io.gatun.nn.data;

import java.util.List;
import java.util.Optional;

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
        return reader(set);
    }

    private Reader reader(Dataset of) {
        Reader reader = of.reader();
        return (sample, random, targets, place) -> reader.read(indices[sample], random, targets, place);
    }

    @Override
    public Optional<DeviceDataset> forDevice() {
        return set.forDevice().map(ForDevice::new);
    }

    private final class ForDevice implements DeviceDataset {
        private final DeviceDataset all;

        private ForDevice(DeviceDataset all) {
            this.all = all;
        }

        @Override
        public int size() {
            return indices.length;
        }

        @Override
        public List<Field> fields() {
            return all.fields();
        }

        @Override
        public List<Made> made() {
            return all.made();
        }

        @Override
        public Reader reader() {
            return Subset.this.reader(all);
        }
    }
}
