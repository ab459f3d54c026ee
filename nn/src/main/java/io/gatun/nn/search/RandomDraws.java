package io.gatun.nn.search;

import java.util.List;
import java.util.stream.IntStream;

/** See {@link Strategy#random}. */
record RandomDraws(int trials) implements Strategy {
    RandomDraws {
        requireTrials("random draws", trials);
    }

    static void requireTrials(String what, int trials) {
        if (trials < 1) {
            throw new IllegalArgumentException(what + ": " + trials + " trials find nothing; give at least 1");
        }
    }

    @Override
    public List<Request> next(State state) {
        return IntStream.range(state.outcomes().size(), trials)
                .mapToObj(number -> request(state, number, 0))
                .toList();
    }

    static Request request(State state, int number, int budget) {
        return new Request(number, budget, state.space().draw(state.random(number)));
    }
}
