package io.gatun.perf.train;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.log.TensorBoard;
import io.gatun.nn.metric.Accuracy;
import io.gatun.nn.metric.Average;
import io.gatun.nn.metric.ClassScore;
import io.gatun.nn.metric.ConfusionMatrix;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.model.ResNet;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import io.gatun.nn.train.ImageTask;
import io.gatun.nn.train.Task;
import io.gatun.nn.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** ResNet-20 by SGD with Nesterov's momentum and a cosine after a short warm-up. */
final class ResNetRecipe implements Recipe {
    private static final int BATCH = 128;
    private static final int EPOCHS = 5;
    private static final float RATE = 0.15f;
    private static final float MOMENTUM = 0.9f;
    private static final float WEIGHT_DECAY = 5e-4f;

    private final TrainOptions options;
    private final ImageData data;
    private final Parameters parameters;
    private final ImageTask task;
    private final ConfusionMatrix confusion;
    private final SamplePredictions samples;

    ResNetRecipe(TrainOptions asked, NativeMemory memory) throws IOException {
        TrainOptions wanted = asked.or(BATCH, EPOCHS, RATE, "shapes");
        DataSource source = DataSource.parseImages(wanted.data());
        data = colour(source.loadImages(wanted.seed()));
        // A mirrored figure is still that figure; a mirrored digit is not.
        Augmentation augmentation =
                source.kind() == DataSource.Kind.MNIST ? new Augmentation(2, false) : Augmentation.CIFAR;
        ResNet model = ResNet.resnet20(data.train().classes());
        parameters = model.allocate(memory, wanted.seed());
        try {
            task = new ImageTask(model, data, wanted.batch(), wanted.seed(), augmentation, memory);
        } catch (RuntimeException e) {
            parameters.close();
            throw e;
        }
        options = wanted;
        confusion = new ConfusionMatrix(data.train().classes());
        samples = new SamplePredictions(data);
    }

    /** Grey images as red = green = blue, which is what the net takes. */
    private static ImageData colour(ImageData data) {
        return data.train().channels() == 3
                ? data
                : ImageData.of(data.name(), colour(data.train()), colour(data.test()), data.classNames());
    }

    private static ImageDataset colour(ImageDataset grey) {
        byte[] pixels = new byte[3 * grey.pixels().length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = grey.pixels()[i / 3];
        }
        return new ImageDataset(grey.height(), grey.width(), 3, grey.classes(), pixels, grey.labels());
    }

    @Override
    public TrainOptions options() {
        return options;
    }

    @Override
    public Task task() {
        return task;
    }

    @Override
    public String dataLine() {
        ImageDataset train = data.train();
        return String.format(
                Locale.ROOT,
                "%s: %,d images to learn from, %,d to test on, %dx%dx%d, %d classes",
                options.data(),
                train.size(),
                data.test().size(),
                train.height(),
                train.width(),
                train.channels(),
                train.classes());
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory memory) {
        long steps = (long) options.epochs() * task.stepsPerEpoch();
        // Batch norm's statistics are wild in the first steps: half an epoch of rising rate lets them settle.
        long warmUp = Math.min(task.stepsPerEpoch() / 2, steps / 4);
        return new Sgd(
                kernels,
                memory,
                parameters,
                Schedule.cosine(options.learningRate(), warmUp, steps),
                Sgd.Options.nesterov(MOMENTUM, WEIGHT_DECAY));
    }

    @Override
    public List<Metric> metrics() {
        int classes = data.train().classes();
        return List.of(
                new Accuracy(2),
                ClassScore.precision(classes, Average.MACRO),
                ClassScore.recall(classes, Average.MACRO),
                ClassScore.f1(classes, Average.MACRO),
                confusion,
                samples);
    }

    @Override
    public Map<String, Object> results(Tape tape) {
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("classes", data.classNames());
        results.put(
                "confusion",
                Arrays.stream(confusion.counts())
                        .map(row -> Arrays.stream(row).boxed().toList())
                        .toList());
        List<Map<String, Object>> classes = new ArrayList<>();
        for (int c = 0; c < confusion.classes(); c++) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("class", data.classNames().get(c));
            row.put("images", confusion.support(c));
            row.put("precision", confusion.precision(c));
            row.put("recall", confusion.recall(c));
            row.put("f1", confusion.f1(c));
            classes.add(row);
        }
        results.put("per_class", classes);
        results.put("samples", samples.forReport());
        return results;
    }

    @Override
    public void show(TensorBoard board, long step) throws IOException {
        ImageDataset test = data.test();
        for (SamplePredictions.Sample sample :
                samples.samples().subList(0, Math.min(8, samples.samples().size()))) {
            String said = data.classNames().get(sample.predicted());
            String tag = "samples/" + sample.image() + " taken for " + said;
            board.image(tag, samples.pixels(sample), test.height(), test.width(), test.channels(), step);
        }
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "result      test accuracy %.2f %%, %.0f img/s, %.0f s%n",
                100 * summary.test().accuracy(),
                summary.itemsPerSecond(),
                summary.seconds());
    }

    @Override
    public void close() {
        task.close();
        parameters.close();
    }
}
