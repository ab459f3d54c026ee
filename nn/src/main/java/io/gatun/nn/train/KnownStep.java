package io.gatun.nn.train;

/** What callbacks are told of a step whose loss was read before its update. */
record KnownStep(
        int epoch, int epochs, int batch, int batches, long done, float loss, float learningRate, double itemsPerSecond)
        implements Callback.StepReport {}
