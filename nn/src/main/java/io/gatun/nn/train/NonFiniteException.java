package io.gatun.nn.train;

/** The loss or a gradient became NaN or infinite: training stopped before the parameters were touched. */
public final class NonFiniteException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long step;

    NonFiniteException(float loss, long step, long epoch, int batch, float learningRate) {
        super((Float.isFinite(loss) ? "a gradient is not finite, the loss is " : "the loss is ") + loss + " at step "
                + step + " (epoch " + (epoch + 1) + ", batch " + (batch + 1)
                + ", learning rate " + learningRate + "); training stopped before this step changed the parameters:"
                + " lower the learning rate, clip the gradients, or look for bad values in the data");
        this.step = step;
    }

    /** The step that did not happen, from 0. */
    public long step() {
        return step;
    }
}
