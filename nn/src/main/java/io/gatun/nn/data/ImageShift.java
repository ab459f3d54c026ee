package io.gatun.nn.data;

/** Where an image begins and whether it is mirrored, drawn for one after the other. For one thread. */
final class ImageShift {
    private final Augmentation augmentation;
    private int top;
    private int left;
    private boolean mirrored;

    ImageShift(Augmentation augmentation) {
        this.augmentation = augmentation;
    }

    /** The next image's; as it is without random numbers. */
    void draw(SplitMix random) {
        int pad = augmentation.pad();
        boolean still = random == null || pad == 0 && !augmentation.flip();
        left = still ? 0 : random.below(2 * pad + 1) - pad;
        top = still ? 0 : random.below(2 * pad + 1) - pad;
        mirrored = !still && augmentation.flip() && random.nextLong() < 0;
    }

    /** The row of the image that comes first; before 0 for one that is not there. */
    int top() {
        return top;
    }

    /** The column of the image that comes first, or last where it is mirrored. */
    int left() {
        return left;
    }

    boolean mirrored() {
        return mirrored;
    }
}
