package io.gatun.nn.optim;

import static io.gatun.nn.optim.DecaySchedules.checkRate;
import static io.gatun.nn.optim.DecaySchedules.require;

/** Schedules that rise and fall. */
final class CyclicSchedules {
    private CyclicSchedules() {}

    record Cyclic(float base, float peak, long up, long down, Schedule.CycleMode mode, float gamma)
            implements Schedule {
        Cyclic {
            checkRate(base);
            checkRate(peak);
            require(
                    up >= 1 && down >= 1 && gamma > 0,
                    "cyclic schedule: up=" + up + " and down=" + down + " must be at least 1 and gamma=" + gamma
                            + " positive");
        }

        @Override
        public float learningRate(long step) {
            long cycle = step / (up + down);
            long at = step % (up + down);
            double height = at <= up ? (double) at / up : (double) (up + down - at) / down;
            double scale =
                    switch (mode) {
                        case TRIANGULAR -> 1;
                        case TRIANGULAR2 -> Optimizer.power(0.5, cycle);
                        case EXP_RANGE -> Optimizer.power(gamma, step);
                    };
            return (float) (base + ((double) peak - base) * height * scale);
        }

        @Override
        public String toString() {
            return "cyclic base=" + base + " peak=" + peak + " up=" + up + " down=" + down + " mode=" + mode + " gamma="
                    + gamma;
        }
    }

    record OneCycle(float peak, long total, Schedule.OneCycleOptions options) implements Schedule {
        OneCycle {
            checkRate(peak);
            require(total >= 1, "one-cycle schedule: total=" + total + " must be at least 1");
        }

        @Override
        public float learningRate(long step) {
            double first = (double) peak / options.divide();
            double last = first / options.finalDivide();
            // Where each phase ends: PyTorch counts from 0, hence the 1 and 2 less.
            double up = (double) options.upShare() * total - 1;
            double back = 2 * up;
            double end = total - 1.0;
            double at = Math.min(step, end);
            if (at <= up) {
                return between(first, peak, up == 0 ? 1 : at / up);
            }
            if (!options.threePhase()) {
                return between(peak, last, (at - up) / (end - up));
            }
            return at <= back
                    ? between(peak, first, (at - up) / (back - up))
                    : between(first, last, (at - back) / (end - back));
        }

        private float between(double from, double to, double done) {
            return (float) (options.linear() ? from + (to - from) * done : CosineSchedules.cosine(from, to, done));
        }

        @Override
        public String toString() {
            return "onecycle peak=" + peak + " total=" + total + " up=" + options.upShare() + " divide="
                    + options.divide() + " finalDivide=" + options.finalDivide()
                    + (options.linear() ? " linear" : "") + (options.threePhase() ? " threePhase" : "");
        }
    }
}
