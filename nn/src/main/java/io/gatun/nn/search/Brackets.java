package io.gatun.nn.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Successive halving in one or several brackets; see {@link Strategy#halving} and {@link Strategy#hyperband}.
 *
 * @param brackets in the order they are run
 */
record Brackets(List<Bracket> brackets, int eta) implements Strategy {
    /** Sets of values that begin with {@code least}; the budgets of the rounds are least, least · eta, … */
    record Bracket(int trials, int least, int rounds) {
        int kept(int round, int eta) {
            int kept = trials;
            for (int i = 0; i < round; i++) {
                kept /= eta;
            }
            return Math.max(1, kept);
        }
    }

    static Brackets halving(int trials, int least, int most, int eta) {
        check(most, eta);
        if (trials < 1 || least < 1 || least > most) {
            throw new IllegalArgumentException("halving: " + trials + " trials with budgets from " + least + " to "
                    + most + "; give at least one trial and rising budgets of at least 1");
        }
        int rounds = 1;
        int left = trials;
        for (long budget = (long) least * eta; budget <= most && left >= eta; budget *= eta) {
            rounds++;
            left /= eta;
        }
        return new Brackets(List.of(new Bracket(trials, least, rounds)), eta);
    }

    /** As the authors compute it: n = ⌊(s_max + 1) / (s + 1)⌋ eta^s sets with budget most / eta^s, s falling to 0. */
    static Brackets hyperband(int most, int eta) {
        check(most, eta);
        int largest = 0;
        long power = 1;
        while (power * eta <= most) {
            power *= eta;
            largest++;
        }
        List<Bracket> brackets = new ArrayList<>();
        for (int s = largest; s >= 0; s--) {
            int trials = Math.toIntExact((largest + 1) / (s + 1) * power);
            brackets.add(new Bracket(trials, Math.toIntExact(most / power), s + 1));
            power /= eta;
        }
        return new Brackets(brackets, eta);
    }

    private static void check(int most, int eta) {
        if (most < 1 || eta < 2) {
            throw new IllegalArgumentException(
                    "a budget of " + most + " and eta=" + eta + "; give at least 1, and an eta of at least 2");
        }
    }

    @Override
    public List<Request> next(State state) {
        int asked = state.outcomes().size();
        int first = 0;
        int before = 0;
        for (Bracket bracket : brackets) {
            int budget = bracket.least;
            for (int round = 0; round < bracket.rounds; round++, budget *= eta) {
                int wanted = bracket.kept(round, eta);
                if (before == asked) {
                    return round == 0
                            ? fresh(state, first, wanted, budget)
                            : best(state, before - bracket.kept(round - 1, eta), before, wanted, budget);
                }
                before += wanted;
            }
            first += bracket.trials;
        }
        return List.of();
    }

    private static List<Request> fresh(State state, int first, int count, int budget) {
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(RandomDraws.request(state, first + i, budget));
        }
        return requests;
    }

    /** The best of a round, the lower number first among equals. */
    private static List<Request> best(State state, int from, int to, int count, int budget) {
        return state.outcomes().subList(from, to).stream()
                .sorted(Comparator.comparingDouble(state::loss).thenComparingInt(Outcome::number))
                .limit(count)
                .map(outcome -> new Request(outcome.number(), budget, outcome.values()))
                .toList();
    }
}
