package io.gatun.nn.optim;

import java.util.List;

/** Schedules that fall. */
final class DecaySchedules {
    private DecaySchedules() {}

    static void checkRate(float rate) {
        require(rate >= 0 && Float.isFinite(rate), "learning rate " + rate + " is not a finite number of at least 0");
    }

    static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    record Constant(float rate) implements Schedule {
        Constant {
            checkRate(rate);
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

    record Steps(float rate, long every, float factor) implements Schedule {
        Steps {
            checkRate(rate);
            require(
                    every >= 1 && factor > 0,
                    "step schedule: every=" + every + " must be at least 1 and factor=" + factor + " positive");
        }

        @Override
        public float learningRate(long step) {
            return (float) (rate * Optimizer.power(factor, step / every));
        }

        @Override
        public String toString() {
            return "steps rate=" + rate + " every=" + every + " factor=" + factor;
        }
    }

    record MultiStep(float rate, float factor, List<Long> milestones) implements Schedule {
        MultiStep {
            checkRate(rate);
            require(factor > 0, "multi-step schedule: factor=" + factor + " must be positive");
            rising("multi-step", milestones);
        }

        static void rising(String name, List<Long> milestones) {
            for (int i = 0; i < milestones.size(); i++) {
                require(
                        milestones.get(i) > (i == 0 ? 0 : milestones.get(i - 1)),
                        name + " schedule: milestones " + milestones + " do not rise from above 0");
            }
        }

        @Override
        public float learningRate(long step) {
            int passed = 0;
            while (passed < milestones.size() && milestones.get(passed) <= step) {
                passed++;
            }
            return (float) (rate * Optimizer.power(factor, passed));
        }

        @Override
        public String toString() {
            return "multistep rate=" + rate + " factor=" + factor + " milestones=" + milestones;
        }
    }

    record Exponential(float rate, float factor) implements Schedule {
        Exponential {
            checkRate(rate);
            require(factor > 0, "exponential schedule: factor=" + factor + " must be positive");
        }

        @Override
        public float learningRate(long step) {
            return (float) (rate * Optimizer.power(factor, step));
        }

        @Override
        public String toString() {
            return "exponential rate=" + rate + " factor=" + factor;
        }
    }

    record Linear(float rate, float startFactor, float endFactor, long total) implements Schedule {
        Linear {
            checkRate(rate);
            require(
                    startFactor >= 0 && endFactor >= 0 && total >= 1,
                    "linear schedule: startFactor=" + startFactor + " and endFactor=" + endFactor
                            + " must be at least 0 and total=" + total + " at least 1");
        }

        @Override
        public float learningRate(long step) {
            double done = (double) Math.min(step, total) / total;
            return (float) (rate * (startFactor + ((double) endFactor - startFactor) * done));
        }

        @Override
        public String toString() {
            return "linear rate=" + rate + " start=" + startFactor + " end=" + endFactor + " total=" + total;
        }
    }

    record Polynomial(float rate, long total, float power) implements Schedule {
        Polynomial {
            checkRate(rate);
            require(
                    total >= 1 && power > 0,
                    "polynomial schedule: total=" + total + " must be at least 1 and power=" + power + " positive");
        }

        @Override
        public float learningRate(long step) {
            return (float) (rate * StrictMath.pow(1 - (double) Math.min(step, total) / total, power));
        }

        @Override
        public String toString() {
            return "polynomial rate=" + rate + " total=" + total + " power=" + power;
        }
    }
}
