package io.gatun.nn;

import io.gatun.nn.BeamDecoder.Found;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The search for one sequence: its beginnings, and what has ended. */
final class Beam {
    /** A beginning: what it is made of, and the beam whose state it goes on from. */
    private record Beginning(int[] tokens, double logProbability, int parent) {
        Beginning with(Candidate more) {
            int[] longer = Arrays.copyOf(tokens, tokens.length + 1);
            longer[tokens.length] = more.token;
            return new Beginning(longer, more.logProbability, more.beam);
        }

        int last() {
            return tokens[tokens.length - 1];
        }
    }

    /** A token behind a beginning. */
    private record Candidate(int beam, int token, double logProbability) {
        /** Of equally probable ones a better beam's and a lower token is the better. */
        static final Comparator<Candidate> WORST_FIRST = Comparator.comparingDouble(Candidate::logProbability)
                .thenComparing(Comparator.comparingInt(Candidate::beam).reversed())
                .thenComparing(Comparator.comparingInt(Candidate::token).reversed());
    }

    private final BeamDecoder decoder;
    private List<Beginning> alive = List.of(new Beginning(new int[0], 0, 0));
    private final List<Found> found = new ArrayList<>();

    Beam(BeamDecoder decoder) {
        this.decoder = decoder;
    }

    /** Goes on by one token; the logits of beam k are {@code vocabulary} numbers from {@code first + k·vocabulary} on. */
    void step(float[] logits, int first, int vocabulary) {
        if (done()) {
            return;
        }
        List<Candidate> best = best(logits, first, vocabulary);
        List<Beginning> next = new ArrayList<>();
        for (Candidate candidate : best) {
            if (next.size() == decoder.beams()) {
                break;
            }
            Beginning beginning = alive.get(candidate.beam).with(candidate);
            boolean ends = candidate.token == decoder.end();
            if (ends || beginning.tokens.length == decoder.longest()) {
                found.add(ended(beginning, ends));
            } else {
                next.add(beginning);
            }
        }
        found.sort(Comparator.comparingDouble(f -> -f.score()));
        if (found.size() > decoder.beams()) {
            found.subList(decoder.beams(), found.size()).clear();
        }
        alive = next;
    }

    /** The best by falling probability: twice the beams, of which at most one of each beam ends it. */
    private List<Candidate> best(float[] logits, int first, int vocabulary) {
        int most = 2 * decoder.beams();
        PriorityQueue<Candidate> queue = new PriorityQueue<>(Candidate.WORST_FIRST);
        for (int k = 0; k < alive.size(); k++) {
            int from = first + k * vocabulary;
            double before = alive.get(k).logProbability - logSumExp(logits, from, vocabulary);
            for (int token = 0; token < vocabulary; token++) {
                double probability = before + logits[from + token];
                boolean room = queue.size() < most;
                if (probability > Double.NEGATIVE_INFINITY && (room || probability > queue.peek().logProbability)) {
                    queue.add(new Candidate(k, token, probability));
                    if (!room) {
                        queue.remove();
                    }
                }
            }
        }
        return queue.stream().sorted(Candidate.WORST_FIRST.reversed()).toList();
    }

    private Found ended(Beginning beginning, boolean ends) {
        int length = beginning.tokens.length;
        return new Found(
                Arrays.copyOf(beginning.tokens, ends ? length - 1 : length),
                beginning.logProbability,
                beginning.logProbability / Math.pow(length, decoder.penalty()));
    }

    private static double logSumExp(float[] logits, int from, int count) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = from; i < from + count; i++) {
            if (Float.isNaN(logits[i])) {
                throw new IllegalStateException("decoder: logit " + (i - from)
                        + " is NaN; the net has diverged, or a row of keys is masked whole");
            }
            largest = Math.max(largest, logits[i]);
        }
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += Math.exp(logits[i] - largest);
        }
        return largest + Math.log(sum);
    }

    /** Whether no beginning can become worth more: tokens to come only lower the probability. */
    boolean done() {
        if (alive.isEmpty()) {
            return true;
        }
        double best = alive.getFirst().logProbability / Math.pow(decoder.longest(), decoder.penalty());
        return found.size() == decoder.beams() && found.getLast().score() >= best;
    }

    /** The beam whose state beam k goes on from; 0 where there is none. */
    int parent(int k) {
        return k < alive.size() ? alive.get(k).parent : 0;
    }

    int token(int k) {
        return k < alive.size() ? alive.get(k).last() : decoder.end();
    }

    List<Found> found() {
        return List.copyOf(found);
    }
}
