package io.gatun.nn.search;

import io.gatun.nn.data.SplitMix;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Says what to try next. A strategy is a function of the space, the seed and the outcomes so far, so that a study that was
 * stopped asks for the same trials again.
 */
public interface Strategy {
    /** A trial that is wanted; the same number with another budget is the same set of values. */
    record Request(int number, int budget, Map<String, Object> values) {}

    /**
     * What a strategy may look at.
     *
     * @param outcomes in the order in which they were asked for; a lower {@link #loss} is better
     * @param parallel how many trials run side by side
     */
    record State(Space space, long seed, List<Outcome> outcomes, int parallel, boolean maximize) {
        /** Random numbers that depend on the study's seed and a trial's number alone. */
        SplittableRandom random(int number) {
            return new SplittableRandom(SplitMix.of(seed, number).nextLong());
        }

        /** What to make small: the score, or minus the score; infinite for a failure. */
        double loss(Outcome outcome) {
            return outcome.failed() ? Double.POSITIVE_INFINITY : maximize ? -outcome.score() : outcome.score();
        }
    }

    /** Trials that may run side by side; none when the search is over. All end before this is asked again. */
    List<Request> next(State state);

    /**
     * Every combination, the last dimension changing fastest; reals at {@code points} places, ends included. The study refuses
     * more than a million.
     */
    static Strategy grid(int points) {
        return new Grid(points);
    }

    /** {@code trials} independent draws (Bergstra and Bengio 2012). */
    static Strategy random(int trials) {
        return new RandomDraws(trials);
    }

    /** Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio, Kégl 2011): the first tenth, at least 10, at random. */
    static Strategy tpe(int trials) {
        return new Tpe(trials);
    }

    /**
     * Regularized evolution (Real, Aggarwal, Huang, Le 2019): the best of some of the youngest has a child with one value
     * changed.
     */
    static Strategy evolution(int trials, int population) {
        return new Evolution(trials, population);
    }

    /**
     * Successive halving (Jamieson and Talwalkar 2016): {@code trials} sets with {@code least} budget, and again and again
     * the best 1 / eta of them with eta times the budget, until one is left or {@code most} is reached.
     */
    static Strategy halving(int trials, int least, int most, int eta) {
        return Brackets.halving(trials, least, most, eta);
    }

    /**
     * Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar 2018): brackets of successive halving, from many sets with
     * little budget to few with all of {@code most}; the numbers are those of the paper's table.
     */
    static Strategy hyperband(int most, int eta) {
        return Brackets.hyperband(most, eta);
    }
}
