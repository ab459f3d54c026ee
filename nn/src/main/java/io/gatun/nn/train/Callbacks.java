package io.gatun.nn.train;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The callbacks of a trainer, told in the order in which they were added; {@link Callback} says what they are promised. */
final class Callbacks {
    private final Training view;
    private final List<Callback> all = new ArrayList<>();
    private final List<Callback> begun = new ArrayList<>();

    Callbacks(Training view) {
        this.view = view;
    }

    void add(Callback callback) {
        all.add(callback);
    }

    List<Callback> all() {
        return all;
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** Whether one of them has something to do between backward and update. */
    boolean lookAtGradients() {
        return all.stream().anyMatch(Callbacks::looksAtGradients);
    }

    private static boolean looksAtGradients(Callback callback) {
        try {
            return callback.getClass().getMethod("onGradients", Training.class).getDeclaringClass() != Callback.class;
        } catch (NoSuchMethodException e) {
            throw new AssertionError("every callback has it", e);
        }
    }

    void trainBegin() throws IOException {
        begun.clear();
        for (Callback callback : all) {
            callback.onTrainBegin(view);
            begun.add(callback);
        }
    }

    /** The run ends by an exception, to which what they throw is added. */
    void failed(Throwable thrown) {
        for (Callback callback : begun) {
            try {
                callback.onTrainEnd(view, null);
            } catch (IOException | RuntimeException again) {
                thrown.addSuppressed(again);
            }
        }
    }

    /** Tells all, and throws what the first of them has thrown. */
    void trainEnd(Trainer.Summary summary) throws IOException {
        Exception first = null;
        for (Callback callback : begun) {
            try {
                callback.onTrainEnd(view, summary);
            } catch (IOException | RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        switch (first) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            default -> throw new AssertionError(first);
        }
    }

    void epochBegin(int epoch) throws IOException {
        for (Callback callback : all) {
            callback.onEpochBegin(view, epoch);
        }
    }

    // The three of each step go by index: an iterator is garbage.

    void stepBegin() throws IOException {
        for (int i = 0; i < all.size(); i++) {
            all.get(i).onStepBegin(view);
        }
    }

    void gradients() throws IOException {
        for (int i = 0; i < all.size(); i++) {
            all.get(i).onGradients(view);
        }
    }

    /** Whether none wants to stop. */
    boolean step(Callback.StepReport report) throws IOException {
        boolean on = true;
        for (int i = 0; i < all.size(); i++) {
            on &= all.get(i).onStep(report);
        }
        return on;
    }

    void skip() throws IOException {
        for (Callback callback : all) {
            callback.onSkip(view);
        }
    }

    void evaluationBegin() throws IOException {
        for (Callback callback : all) {
            callback.onEvaluationBegin(view);
        }
    }

    /** Whether none wants to stop. */
    boolean evaluation(Callback.EpochReport report) throws IOException {
        boolean on = true;
        for (Callback callback : all) {
            on &= callback.onEvaluation(view, report);
        }
        return on;
    }

    /** Whether none wants to stop. */
    boolean epoch(Callback.EpochReport report) throws IOException {
        boolean on = true;
        for (Callback callback : all) {
            on &= callback.onEpoch(report);
        }
        return on;
    }
}
