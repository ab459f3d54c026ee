package io.gatun.nn.train;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.Module;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.BatchLoader;
import io.gatun.nn.data.ImageBatch;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Classifying images. Every step has a full batch: each epoch leaves out the images that its shuffle put behind the last
 * one, because a batch of few images has useless statistics. A training set smaller than a batch is one batch.
 */
public final class ImageTask implements Task {
    private final Module model;
    private final ImageData data;
    private final BatchLoader.Options options;
    private BatchLoader loader;
    private int items;

    /**
     * The model must have its memory. The loader's thread starts here.
     *
     * @param seed of shuffle and augmentation
     */
    public ImageTask(Module model, ImageData data, int batch, long seed, Augmentation augmentation) {
        this.model = model;
        this.data = data;
        this.options = new BatchLoader.Options(Math.min(batch, data.train().size()), seed, true, true, 2, augmentation);
        this.loader = new BatchLoader(data.train(), data.standardization(), options);
        model.train();
    }

    @Override
    public Parameters parameters() {
        return model.parameters();
    }

    @Override
    public int stepsPerEpoch() {
        return loader.batchesPerEpoch();
    }

    @Override
    public void seek(long epoch, int batch) {
        loader.close();
        loader = new BatchLoader(data.train(), data.standardization(), options, new BatchLoader.Position(epoch, batch));
    }

    @Override
    public Tensor forward(Tape tape) {
        ImageBatch batch = loader.next();
        items = batch.size();
        return Losses.crossEntropy(logits(tape, batch), labels(tape, batch));
    }

    private Tensor logits(Tape tape, ImageBatch batch) {
        ImageDataset set = data.train();
        Shape shape = Shape.of(batch.size(), set.height(), set.width(), set.channels());
        return model.forward(tape.input(shape, batch.images()));
    }

    private static Tensor labels(Tape tape, ImageBatch batch) {
        return tape.indices(Shape.of(batch.size()), batch.labels());
    }

    @Override
    public int items() {
        return items;
    }

    @Override
    public String unit() {
        return "img";
    }

    @Override
    public Evaluation evaluate(Tape tape) {
        double loss = 0;
        long right = 0;
        int seen = 0;
        model.eval();
        try (var test = new BatchLoader(
                        data.test(), data.standardization(), BatchLoader.Options.evaluation(options.batch()));
                var _ = tape.noGrad()) {
            for (int i = 0; i < test.batchesPerEpoch(); i++) {
                tape.reset(tape.step());
                ImageBatch batch = test.next();
                Tensor logits = logits(tape, batch);
                loss += Losses.crossEntropy(logits, labels(tape, batch)).item() * (double) batch.size();
                right += right(
                        logits.data(), batch.labels(), batch.size(), data.test().classes());
                seen += batch.size();
            }
        } finally {
            model.train();
        }
        return new Evaluation(loss / seen, (double) right / seen);
    }

    /** Rows whose largest logit, the first of equals, is the label's; a row with a NaN is wrong. */
    private static int right(MemorySegment logits, MemorySegment labels, int rows, int classes) {
        int right = 0;
        for (int row = 0; row < rows; row++) {
            float best = Float.NEGATIVE_INFINITY;
            int winner = -1;
            for (int c = 0; c < classes; c++) {
                float value = logits.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * classes + c);
                if (value > best) {
                    best = value;
                    winner = c;
                } else if (value != value) {
                    best = Float.POSITIVE_INFINITY;
                    winner = -1;
                }
            }
            right += winner == labels.getAtIndex(ValueLayout.JAVA_INT, row) ? 1 : 0;
        }
        return right;
    }

    @Override
    public void close() {
        loader.close();
    }
}
