package io.gatun.nn.train;

/**
 * The loss or a gradient became NaN or infinite: training stopped before the parameters were touched, or, where a device's
 * losses are read some steps later ({@link Trainer#lossesEvery}), after them.
 */
public final class NonFiniteException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long step;

    private NonFiniteException(String sentence, long step) {
        super(sentence);
        this.step = step;
    }

    /** Found before the update. */
    static NonFiniteException of(float loss, long step, int epoch, int batch, float learningRate) {
        return new NonFiniteException(
                (Float.isFinite(loss) ? "a gradient is not finite, the loss is " : "the loss is ") + loss
                        + place(step, epoch, batch, learningRate)
                        + "; training stopped before this step changed the parameters:"
                        + " lower the learning rate, clip the gradients, or look for bad values in the data",
                step);
    }

    /** Found when the losses of a device were read. */
    static NonFiniteException late(float loss, long step, int epoch, int batch, float learningRate, int more) {
        return new NonFiniteException(
                "the loss is " + loss + place(step, epoch, batch, learningRate)
                        + "; the device has done this step and " + more
                        + " more, and the parameters are not to be used: resume from the last checkpoint, which was"
                        + " written before, with a lower learning rate, clipped gradients or better data;"
                        + " Trainer.lossesEvery(1) stops before the step",
                step);
    }

    private static String place(long step, int epoch, int batch, float learningRate) {
        return " at step " + step + " (epoch " + (epoch + 1) + ", batch " + (batch + 1) + ", learning rate "
                + learningRate + ")";
    }

    /** The step whose numbers were not finite, from 0. */
    public long step() {
        return step;
    }
}
