package io.gatun.perf.train;

import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Module;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.data.image.Augment;
import io.gatun.nn.log.TensorBoard;
import io.gatun.nn.metric.Accuracy;
import io.gatun.nn.metric.Average;
import io.gatun.nn.metric.ClassScore;
import io.gatun.nn.metric.ConfusionMatrix;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import io.gatun.nn.train.ImageTask;
import io.gatun.nn.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What recipes that classify images share: the figures, and what the report shows. */
abstract class ImageRecipe extends SupervisedRecipe {
    private static final float MOMENTUM = 0.9f;
    private static final float WEIGHT_DECAY = 5e-4f;

    private final ImageData data;
    private final ConfusionMatrix confusion;
    private final SamplePredictions samples;

    /** Of images that fit the model. */
    ImageRecipe(TrainOptions options, ImageData data, Module model, Augment augment, NativeMemory memory) {
        super(
                options,
                model,
                memory,
                net -> new ImageTask(net, data, options.batch(), options.seed(), augment, memory));
        this.data = data;
        confusion = new ConfusionMatrix(data.train().classes());
        samples = new SamplePredictions(data);
    }

    /** A mirrored figure is still that figure; a mirrored digit is not. */
    static Augmentation augmentation(DataSource source, Augmentation figures) {
        return source.kind() == DataSource.Kind.MNIST ? new Augmentation(2, false) : figures;
    }

    /** What is usual for nets with batch norm: Nesterov's momentum, and a cosine after a short warm-up. */
    final Optimizer nesterov(Kernels kernels, NativeMemory memory) {
        // Batch norm's statistics are wild in the first steps: half an epoch of rising rate lets them settle.
        long warmUp = Math.min(task().stepsPerEpoch() / 2, steps() / 4);
        return new Sgd(
                kernels,
                memory,
                parameters(),
                Schedule.cosine(options().learningRate(), warmUp, steps()),
                Sgd.Options.nesterov(MOMENTUM, WEIGHT_DECAY));
    }

    @Override
    public String dataLine() {
        ImageDataset train = data.train();
        return String.format(
                Locale.ROOT,
                "%s: %,d images to learn from, %,d to test on, %dx%dx%d, %d classes",
                options().data(),
                train.size(),
                data.test().size(),
                train.height(),
                train.width(),
                train.channels(),
                train.classes());
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
}
