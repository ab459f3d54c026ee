package io.gatun.nn.data.text;

import io.gatun.nn.data.SplitMix;
import java.util.Arrays;

/**
 * What a masked language model learns from (Devlin and others, 2019): of a sequence a share of the tokens is asked for;
 * of those 80 % are replaced by the mask, 10 % by a random token, 10 % stay. Drawn from (seed, epoch, sample) alone.
 *
 * @param share of tokens asked for, in [0, 1], usually 0.15
 * @param mask the token that hides another
 * @param vocabulary random tokens are drawn from 0..vocabulary-1
 * @param seed of all epochs
 */
public record MaskedTokens(double share, int mask, int vocabulary, long seed) {
    /** The target where nothing is asked, as PyTorch's {@code ignore_index}. */
    public static final int IGNORE = -100;

    /** @throws IllegalArgumentException when a number is outside its range */
    public MaskedTokens {
        if (!(share >= 0 && share <= 1) || vocabulary < 1) {
            throw new IllegalArgumentException("masked tokens of share " + share + " from a vocabulary of " + vocabulary
                    + ": a share in [0, 1] and at least one token are needed");
        }
    }

    /**
     * A sequence to fill in.
     *
     * @param inputs what the model sees
     * @param targets the token asked for, or {@link #IGNORE}
     */
    public record Masked(int[] inputs, int[] targets) {}

    /** Masks one sequence. */
    public Masked apply(int[] tokens, long epoch, long sample) {
        SplitMix random = SplitMix.of(seed, epoch, sample);
        int[] inputs = tokens.clone();
        int[] targets = new int[tokens.length];
        Arrays.fill(targets, IGNORE);
        for (int i = 0; i < tokens.length; i++) {
            if (random.unit() < share) {
                targets[i] = tokens[i];
                double how = random.unit();
                inputs[i] = how < 0.8 ? mask : how < 0.9 ? random.below(vocabulary) : tokens[i];
            }
        }
        return new Masked(inputs, targets);
    }
}
