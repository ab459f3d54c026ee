package io.gatun.nn.data;

/**
 * The order of the samples in the latest two epochs that were asked for: threads that fill batches across the end of an
 * epoch share them, and the sampler is asked once an epoch. Thread-safe.
 */
final class Epochs {
    private final Sampler sampler;
    private final int samples;
    private final Epoch[] known = new Epoch[2];

    /**
     * One epoch.
     *
     * @param order the samples
     * @param repeats at each place how often its sample came before in this epoch; null when no sample comes twice
     */
    record Epoch(long number, int[] order, int[] repeats) {}

    Epochs(Sampler sampler, int samples) {
        this.sampler = sampler;
        this.samples = samples;
    }

    synchronized Epoch get(long number) {
        int slot = (int) (number & 1);
        if (known[slot] == null || known[slot].number != number) {
            int[] order = sampler.order(number);
            known[slot] = new Epoch(number, order, repeats(order));
        }
        return known[slot];
    }

    private int[] repeats(int[] order) {
        if (order.length != sampler.size()) {
            throw new IllegalStateException(sampler.getClass().getSimpleName() + " gave " + order.length
                    + " samples, but its size is " + sampler.size() + "; every epoch must have as many");
        }
        int[] seen = new int[samples];
        int[] repeats = new int[order.length];
        boolean any = false;
        for (int i = 0; i < order.length; i++) {
            if (order[i] < 0 || order[i] >= samples) {
                throw new IllegalStateException(sampler.getClass().getSimpleName() + " gave sample " + order[i]
                        + ", which is not in 0.." + (samples - 1) + " of the data set");
            }
            repeats[i] = seen[order[i]]++;
            any |= repeats[i] > 0;
        }
        return any ? repeats : null;
    }
}
