package io.gatun.nn.data;

/**
 * Which samples an epoch shows, and in which order. The answer depends on the sampler's settings and the epoch alone,
 * so a run that resumes in the middle of epoch e asks again and gets the same. Implementations are immutable and
 * thread-safe.
 */
public interface Sampler {
    /** How many indices an epoch has; not always the number of samples in the set. */
    int size();

    /**
     * The samples of an epoch, {@link #size()} indices; a sample may be named twice or never. The array is the caller's.
     *
     * @param epoch from 0
     */
    int[] order(long epoch);
}
