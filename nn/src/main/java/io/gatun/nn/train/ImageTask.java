package io.gatun.nn.train;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Module;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.BatchLoader;
import io.gatun.nn.data.ImageBatch;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Classifying images. By default every step has a full batch: each epoch leaves out the images that its shuffle put
 * behind the last one, because a batch of few images has noisy statistics. The constructor with
 * {@link BatchLoader.Options} lets an epoch end with the shorter batch, as PyTorch's loader does, so that it shows every
 * image once.
 */
public final class ImageTask implements Task {
    private final Module model;
    private final ImageData data;
    private final BatchLoader.Options options;
    private final NativeMemory memory;
    private BatchLoader loader;
    private ImageBatch batch;
    private int items;

    /**
     * Full batches, in a new order every epoch; a training set smaller than a batch is one batch.
     *
     * @param seed of shuffle and augmentation
     * @see #ImageTask(Module, ImageData, BatchLoader.Options, NativeMemory)
     */
    public ImageTask(
            Module model, ImageData data, int batch, long seed, Augmentation augmentation, NativeMemory memory) {
        this(
                model,
                data,
                new BatchLoader.Options(Math.min(batch, data.train().size()), seed, true, true, 2, augmentation),
                memory);
    }

    /**
     * The model must have its memory. The loader's thread starts here.
     *
     * @param options {@link BatchLoader.Options#training} keeps an epoch's last, shorter batch
     * @param memory of the batches
     * @throws io.gatun.memory.NativeMemoryException if the budget has no room for them
     */
    public ImageTask(Module model, ImageData data, BatchLoader.Options options, NativeMemory memory) {
        this.model = model;
        this.data = data;
        this.options = options;
        this.memory = memory;
        this.loader = loader(BatchLoader.Position.START);
        model.train();
    }

    private BatchLoader loader(BatchLoader.Position start) {
        return new BatchLoader(memory, data.train(), data.standardization(), options, start);
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
        BatchLoader.Position position = new BatchLoader.Position(epoch, batch);
        if (!loader.position().equals(position)) {
            // The old one stays if there is no memory for a new one beside it.
            BatchLoader sought = loader(position);
            loader.close();
            loader = sought;
        }
        this.batch = null;
    }

    @Override
    public long prepare() {
        batch = loader.next();
        items = batch.size();
        // The buffer, whose address is 47 bits and a multiple of 64; whether it is full; what the layers' modes are.
        long buffer = batch.images().address() >>> 6;
        long full = batch.size() == options.batch() ? 1 : 0;
        return (buffer << 1 | full) << 20 | model.modes() & 0xF_FFFF;
    }

    @Override
    public void stepped() {
        batch = null;
    }

    @Override
    public Tensor forward(Tape tape) {
        if (batch == null) {
            prepare();
        }
        ImageBatch taken = batch;
        batch = null;
        return Losses.crossEntropy(logits(tape, taken), labels(tape, taken));
    }

    private Tensor logits(Tape tape, ImageBatch batch) {
        ImageDataset set = data.train();
        Shape shape = Shape.of(batch.size(), set.height(), set.width(), set.channels());
        return model.call(tape.input(shape, batch.images()));
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
                        memory, data.test(), data.standardization(), BatchLoader.Options.evaluation(options.batch()));
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
