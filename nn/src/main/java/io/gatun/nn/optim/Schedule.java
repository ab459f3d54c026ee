package io.gatun.nn.optim;

/**
 * The learning rate of each optimizer step, a function of the step's number alone: so a resumed run needs no more state
 * than that number. Schedules print themselves, are immutable and safe for concurrent use.
 */
@FunctionalInterface
public interface Schedule {
    /**
     * The rate of one step.
     *
     * @param step 0 for the first
     */
    float learningRate(long step);

    /** The same rate at every step. */
    static Schedule constant(float rate) {
        return new Constant(rate);
    }

    /** {@code rate}, multiplied by {@code factor} after each {@code every} steps (PyTorch's StepLR). */
    static Schedule steps(float rate, long every, float factor) {
        return new Steps(rate, every, factor);
    }

    /**
     * Rises in a line from {@code rate / warmUp} at step 0 to {@code rate} at step {@code warmUp - 1}, then falls along
     * half a cosine (Loshchilov and Hutter 2017) to 0 at step {@code total}, and stays there.
     */
    static Schedule cosine(float rate, long warmUp, long total) {
        return new Cosine(rate, warmUp, total);
    }

    /** See {@link #constant}. */
    record Constant(float rate) implements Schedule {
        public Constant {
            check(rate);
        }

        @Override
        public float learningRate(long step) {
            return rate;
        }

        @Override
        public String toString() {
            return "constant rate=" + rate;
        }
    }

    /** See {@link #steps}. */
    record Steps(float rate, long every, float factor) implements Schedule {
        public Steps {
            check(rate);
            if (every < 1 || !(factor > 0)) {
                throw new IllegalArgumentException(
                        "step schedule: every=" + every + " must be at least 1 and factor=" + factor + " positive");
            }
        }

        @Override
        public float learningRate(long step) {
            return (float) (rate * StrictMath.pow(factor, step / every));
        }

        @Override
        public String toString() {
            return "steps rate=" + rate + " every=" + every + " factor=" + factor;
        }
    }

    /** See {@link #cosine}. */
    record Cosine(float rate, long warmUp, long total) implements Schedule {
        public Cosine {
            check(rate);
            if (warmUp < 0 || total < warmUp) {
                throw new IllegalArgumentException("cosine schedule: warmUp=" + warmUp
                        + " must be at least 0 and at most the total of " + total + " steps");
            }
        }

        @Override
        public float learningRate(long step) {
            if (step < warmUp) {
                return (float) ((double) rate * (step + 1) / warmUp);
            }
            if (step >= total) {
                return 0;
            }
            double done = (double) (step - warmUp) / (total - warmUp);
            return (float) (rate * 0.5 * (1 + StrictMath.cos(Math.PI * done)));
        }

        @Override
        public String toString() {
            return "cosine rate=" + rate + " warmUp=" + warmUp + " total=" + total;
        }
    }

    private static void check(float rate) {
        if (!(rate >= 0 && Float.isFinite(rate))) {
            throw new IllegalArgumentException("learning rate " + rate + " is not a finite number of at least 0");
        }
    }
}
