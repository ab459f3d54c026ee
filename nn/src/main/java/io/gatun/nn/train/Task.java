package io.gatun.nn.train;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.nn.io.NamedTensor;
import java.util.List;
import java.util.function.Function;

/**
 * What is learned from what: a model and its data, one batch at a time. The trainer knows neither images nor text. What
 * a task does at a step must depend on the step's number and on {@link #state} alone, or a resumed run would differ.
 */
public interface Task extends AutoCloseable {
    /** The model's parameters and buffers. */
    Parameters parameters();

    /** Batches in an epoch, at least 1. */
    int stepsPerEpoch();

    /**
     * Makes batch {@code batch} of epoch {@code epoch}, both from 0, the next one; called before the first forward, and
     * to try a batch again whose step has failed.
     */
    void seek(long epoch, int batch);

    /** What {@link #prepare} says when {@link #forward} must run each time. */
    long ANEW = -1;

    /**
     * Brings the next batch in, for the {@link #forward} that follows. A trainer may then repeat what an earlier forward
     * recorded ({@link io.gatun.autograd.CapturedStep}) instead of calling it, if both batches got the same number.
     *
     * @return the same number only for batches that lie in the same memory and go the same way through the same layers,
     *     or {@link #ANEW}
     */
    default long prepare() {
        return ANEW;
    }

    /** The loss of the next batch, the prepared one if there is one, recorded on the tape. */
    Tensor forward(Tape tape);

    /** Called after the optimizer's step, while what {@link #forward} made is still valid. */
    default void stepped() {}

    /** Images or tokens of the last batch. */
    int items();

    /** What {@link #items} counts: {@code img} or {@code tokens}. */
    String unit();

    /** As {@link #evaluate(Tape, Predictions)} with nobody looking. */
    default Evaluation evaluate(Tape tape) {
        return evaluate(tape, Predictions.IGNORED);
    }

    /**
     * Loss and accuracy on the whole test set; resets the tape as often as it likes and changes no state.
     *
     * @param predictions is shown each batch, in the order of the set
     */
    Evaluation evaluate(Tape tape, Predictions predictions);

    /**
     * Computes batch norms' running statistics anew for the weights that the model has now, from training batches
     * ({@link io.gatun.nn.optim.BatchNormStatistics}); resets the tape and changes no other state.
     *
     * @param batches how many, at least 1; those of an epoch if it has fewer
     * @throws UnsupportedOperationException if this task does not know how
     */
    default void refreshStatistics(Tape tape, int batches) {
        throw new UnsupportedOperationException(getClass().getSimpleName()
                + " does not compute running statistics; average(average, 0) leaves them as they are");
    }

    /** What is carried from one batch to the next besides parameters; views, valid until the next forward. */
    default List<NamedTensor> state() {
        return List.of();
    }

    /**
     * Brings back {@link #state}.
     *
     * @param find a tensor by name; throws when it has none
     */
    default void load(Function<String, NamedTensor> find) {}

    @Override
    void close();
}
