package io.gatun.nn.train;

import io.gatun.memory.NativeMemory;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.image.Augment;

/**
 * Classifying images as is usual: cross-entropy, and in training full batches only. Each epoch leaves out the images that
 * its shuffle put behind the last one, because a batch of few images has noisy statistics; a training set smaller than a
 * batch is one batch. For anything else make a {@link SupervisedTask} of {@link ImageData#trainSamples}.
 */
public final class ImageTask extends SupervisedTask {
    /**
     * The model must have its memory. The loader's thread starts here.
     *
     * @param seed of shuffle and augmentation
     * @param memory of the batches
     * @throws io.gatun.memory.NativeMemoryException if the budget has no room for them
     */
    public ImageTask(Module model, ImageData data, int batch, long seed, Augment augment, NativeMemory memory) {
        super(
                model,
                Loss.CROSS_ENTROPY,
                DataLoader.training(
                                data.trainSamples(augment),
                                Math.min(batch, data.train().size()),
                                seed)
                        .dropLast(true),
                DataLoader.evaluation(
                        data.testSamples(), Math.min(batch, data.train().size())),
                memory);
        unit("img");
    }
}
