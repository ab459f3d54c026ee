package io.gatun.nn.train;

import java.util.function.DoubleSupplier;

/**
 * What callbacks are told of a step that a device was given; who asks for its loss or for the pace waits for it.
 *
 * @param late its loss
 * @param pace items a second of this epoch, once all is known that was started
 */
record StartedStep(
        int epoch,
        int epochs,
        int batch,
        int batches,
        long done,
        LateLosses.Loss late,
        float learningRate,
        DoubleSupplier pace)
        implements Callback.StepReport {

    @Override
    public float loss() {
        return late.value();
    }

    @Override
    public double itemsPerSecond() {
        late.value();
        return pace.getAsDouble();
    }
}
