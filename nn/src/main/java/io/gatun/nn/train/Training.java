package io.gatun.nn.train;

import io.gatun.autograd.Tape;
import io.gatun.nn.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A run that is going on, as callbacks see it; valid during {@link Trainer#run}, on its thread. */
public interface Training {
    Task task();

    Optimizer optimizer();

    Tape tape();

    /** Epochs in all. */
    int epochs();

    /** Batches that updates have learned from or skipped since the very beginning, those before a resume included. */
    long batches();

    /** Batches that were skipped because of numbers that are not finite. */
    long skipped();

    /** The strings that checkpoints of this run keep. */
    Map<String, String> facts();

    /** Ends the run after what is being done: the step, or the epoch with its evaluation and checkpoint. */
    void stop();

    /** Writes a checkpoint of this moment that {@link Trainer#resume} takes; call it only between steps. */
    void save(Path file) throws IOException;
}
