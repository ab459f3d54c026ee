package io.gatun.nn.train;

import io.gatun.nn.io.NamedTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * Keeps checkpoints of several epochs in a folder: {@code best.safetensors}, that of the best evaluation, and
 * {@code epoch-0007.safetensors} of the latest few, epochs from 1. Each is whole at every instant, any safetensors reader
 * opens it, and {@link Trainer#resume} goes on from it. ({@link Trainer#checkpoint} writes the last one under one name.)
 *
 * <p>Add it behind the callbacks whose state its files should have.
 */
public final class ModelCheckpoint implements Callback {
    private final Path folder;
    private final Monitor monitor;
    private final int keep;
    private final Numbers best = new Numbers("model_checkpoint", Double.NaN);

    /**
     * Makes the folder if there is none.
     *
     * @param keep how many of the latest epochs stay, 0 for none
     */
    public ModelCheckpoint(Path folder, Monitor monitor, int keep) throws IOException {
        if (keep < 0) {
            throw new IllegalArgumentException(
                    "keeping " + keep + " checkpoints is not possible; 0 keeps the best only");
        }
        this.folder = Files.createDirectories(folder);
        this.monitor = monitor;
        this.keep = keep;
    }

    /** Where the best one is, once there was an evaluation. */
    public Path best() {
        return folder.resolve("best.safetensors");
    }

    /** Where that of an epoch is, from 0, while it is kept. */
    public Path of(int epoch) {
        return folder.resolve("epoch-%04d.safetensors".formatted(epoch + 1));
    }

    @Override
    public boolean onEvaluation(Training training, EpochReport report) throws IOException {
        double value = monitor.of(report);
        if (monitor.better(value, best.get(0))) {
            best.set(0, value);
            training.save(best());
        }
        if (keep > 0) {
            training.save(of(report.epoch()));
            Path old = of(report.epoch() - keep);
            Files.deleteIfExists(old);
            // A resumed run may have written it twice.
            Files.deleteIfExists(old.resolveSibling(old.getFileName() + ".previous"));
        }
        return true;
    }

    @Override
    public List<NamedTensor> state() {
        return List.of(best.tensor());
    }

    @Override
    public void load(Function<String, NamedTensor> find) {
        best.load(find);
    }
}
