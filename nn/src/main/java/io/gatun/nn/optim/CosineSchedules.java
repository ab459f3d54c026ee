package io.gatun.nn.optim;

import static io.gatun.nn.optim.DecaySchedules.checkRate;
import static io.gatun.nn.optim.DecaySchedules.require;

/** Schedules along cosines. */
final class CosineSchedules {
    private CosineSchedules() {}

    /** From {@code from} at 0 to {@code to} at 1 along half a cosine. */
    static double cosine(double from, double to, double done) {
        return to + (from - to) * 0.5 * (1 + StrictMath.cos(Math.PI * done));
    }

    record WarmUpCosine(float rate, long warmUp, long total) implements Schedule {
        WarmUpCosine {
            checkRate(rate);
            require(
                    warmUp >= 0 && total >= warmUp,
                    "cosine schedule: warmUp=" + warmUp + " must be at least 0 and at most the total of " + total
                            + " steps");
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

    record Annealing(float rate, float minimum, long half) implements Schedule {
        Annealing {
            checkRate(rate);
            checkRate(minimum);
            require(half >= 1, "cosine annealing: half a period of " + half + " steps must be at least 1");
        }

        @Override
        public float learningRate(long step) {
            return (float) cosine(rate, minimum, (double) (step % (2 * half)) / half);
        }

        @Override
        public String toString() {
            return "cosineannealing rate=" + rate + " minimum=" + minimum + " half=" + half;
        }
    }

    record WarmRestarts(float rate, float minimum, long first, int growth) implements Schedule {
        WarmRestarts {
            checkRate(rate);
            checkRate(minimum);
            require(
                    first >= 1 && growth >= 1,
                    "cosine restarts: first=" + first + " and growth=" + growth + " must be at least 1");
        }

        @Override
        public float learningRate(long step) {
            long period = first;
            long at = step;
            if (growth == 1) {
                at = step % first;
            }
            while (at >= period) {
                at -= period;
                period *= growth;
            }
            return (float) cosine(rate, minimum, (double) at / period);
        }

        @Override
        public String toString() {
            return "cosinerestarts rate=" + rate + " minimum=" + minimum + " first=" + first + " growth=" + growth;
        }
    }
}
