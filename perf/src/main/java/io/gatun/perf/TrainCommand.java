package io.gatun.perf;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Trains a net. */
@Command(name = "train", mixinStandardHelpOptions = true, description = "Train a net.")
final class TrainCommand implements Callable<Integer> {
    TrainCommand() {}

    @Override
    public Integer call() {
        throw new IllegalArgumentException("no model yet");
    }
}
