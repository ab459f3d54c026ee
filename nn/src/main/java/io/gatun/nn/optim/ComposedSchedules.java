package io.gatun.nn.optim;

import static io.gatun.nn.optim.DecaySchedules.checkRate;
import static io.gatun.nn.optim.DecaySchedules.require;

import java.util.List;
import java.util.function.LongToDoubleFunction;

/** Schedules made of others. */
final class ComposedSchedules {
    private ComposedSchedules() {}

    record WarmUp(long steps, Schedule then) implements Schedule {
        WarmUp {
            require(steps >= 0, "warm-up of " + steps + " steps is negative");
        }

        @Override
        public float learningRate(long step) {
            return step >= steps
                    ? then.learningRate(step - steps)
                    : (float) ((double) then.learningRate(0) * (step + 1) / steps);
        }

        @Override
        public String toString() {
            return "warmup steps=" + steps + " (" + then + ")";
        }
    }

    record Sequential(List<Schedule> schedules, List<Long> milestones) implements Schedule {
        Sequential {
            require(
                    !schedules.isEmpty() && milestones.size() == schedules.size() - 1,
                    "sequential schedule: " + schedules.size() + " schedules need one milestone less, not "
                            + milestones.size());
            DecaySchedules.MultiStep.rising("sequential", milestones);
        }

        @Override
        public float learningRate(long step) {
            int index = milestones.size();
            while (index > 0 && milestones.get(index - 1) > step) {
                index--;
            }
            return schedules.get(index).learningRate(index == 0 ? step : step - milestones.get(index - 1));
        }

        @Override
        public String toString() {
            return "sequential " + schedules + " milestones=" + milestones;
        }
    }

    record Chained(Schedule schedule, List<Schedule> factors) implements Schedule {
        @Override
        public float learningRate(long step) {
            double rate = schedule.learningRate(step);
            for (int i = 0; i < factors.size(); i++) {
                rate *= factors.get(i).learningRate(step);
            }
            return (float) rate;
        }

        @Override
        public String toString() {
            return "chained (" + schedule + ") " + factors;
        }
    }

    record Lambda(float rate, String name, LongToDoubleFunction factor) implements Schedule {
        Lambda {
            checkRate(rate);
        }

        @Override
        public float learningRate(long step) {
            return (float) (rate * factor.applyAsDouble(step));
        }

        @Override
        public String toString() {
            return "lambda rate=" + rate + " " + name;
        }
    }

    record Every(long steps, Schedule then) implements Schedule {
        Every {
            require(steps >= 1, "a schedule that moves every " + steps + " steps is not possible");
        }

        @Override
        public float learningRate(long step) {
            return then.learningRate(step / steps);
        }

        @Override
        public String toString() {
            return "every " + steps + " (" + then + ")";
        }
    }
}
