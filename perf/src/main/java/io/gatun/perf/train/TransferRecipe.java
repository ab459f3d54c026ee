package io.gatun.perf.train;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Dropout;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Sequential;
import io.gatun.nn.StateDict;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.data.image.Augment;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import io.gatun.nn.model.ResNet;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import io.gatun.nn.train.Callback;
import io.gatun.nn.train.ImageTask;
import io.gatun.nn.train.Trainer;
import io.gatun.nn.train.Training;
import io.gatun.spec.Activation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Transfer learning: what a net has learned of some figures serves to tell others apart, of which there are few pictures.
 *
 * <ol>
 *   <li>A ResNet-20 learns the first six classes from all their pictures; its weights are saved. {@code --backbone FILE} skips
 *       this and takes another net's.
 *   <li>It gets a new head, 512 units and dropout of a half, for the last four classes. The rest is frozen, batch norms
 *       included, and for the first half of the epochs only the head learns, from 25 pictures of each: feature extraction.
 *   <li>In the second half everything learns, at what the cosine has left of the rate: fine-tuning.
 * </ol>
 *
 * <p>Two other nets learn from the same pictures as often: one whose frozen backbone is random, one that is not frozen and
 * begins from scratch. Without these nobody could say that anything was transferred.
 *
 * <p>Checkpoints are of the second and third step. A run that was killed before the first of them has none to resume, and begins
 * again with the backbone.
 *
 * <p>Result (seed 1, two cores): of 800 test pictures the head alone tells 80.13 % right, after fine-tuning 92.25 %; without
 * transfer 25.87 % on the random backbone and 53.87 % from scratch.
 */
final class TransferRecipe extends ImageRecipe {
    /** Of ten classes, those that the backbone learns; the others are for the transfer. */
    private static final double KNOWN = 0.6;

    private static final int PICTURES = 25;

    /** How often an epoch shows each picture, mirrored or not: it ends with a test, which should not take most of the time. */
    private static final int TIMES = 10;

    private static final String HEAD_ONLY = "head_only_accuracy";
    private static final int HIDDEN = 512;
    private static final int BATCH = 20;
    private static final int EPOCHS = 6;
    private static final float RATE = 2e-3f;

    private static final int FIRST_BATCH = 128;
    private static final int FIRST_EPOCHS = 4;
    private static final float FIRST_RATE = 0.15f;

    private final ResNet model;
    private final Backbone backbone;
    private final ImageData all;
    private final ImageData fresh;
    private final Augment augment;
    private final NativeMemory memory;
    private final Map<String, Double> figures = new LinkedHashMap<>();
    private Tape tape;
    private PrintWriter out;

    TransferRecipe(TrainOptions asked, NativeMemory nativeMemory) throws IOException {
        TrainOptions options = asked.or(BATCH, EPOCHS, RATE, "shapes");
        DataSource source = DataSource.parseImages(options.data());
        ImageData images = Pictures.colour(source.loadImages(options.seed()));
        int classes = images.train().classes();
        int first = (int) (KNOWN * classes);
        ImageData others = Pictures.classes(images, first, classes);
        ImageData shown = ImageData.of(
                others.name(), Pictures.few(others.train(), PICTURES, TIMES), others.test(), others.classNames());
        Augmentation mirror = augmentation(source, Augmentation.FLIP);
        Backbone kind = options.backbone() == null ? Backbone.RESNET20 : Backbone.in(options.backbone());
        ResNet net = kind.with(features -> head(features, classes - first));
        super(options, shown, net, mirror, nativeMemory);
        model = net;
        backbone = kind;
        all = images;
        fresh = shown;
        augment = mirror;
        memory = nativeMemory;
    }

    /** The usual new head. */
    private static Module head(int features, int classes) {
        return new Sequential(
                new Linear(features, HIDDEN, true, Activation.RELU), new Dropout(0.5f), new Linear(HIDDEN, classes));
    }

    /** Epochs in which the backbone is frozen. */
    private int headEpochs() {
        return (options().epochs() + 1) / 2;
    }

    @Override
    public String dataLine() {
        ImageDataset train = fresh.train();
        return String.format(
                Locale.ROOT,
                "%s: %s from %d pictures, each %d times an epoch; %,d to test on",
                options().data(),
                String.join(", ", fresh.classNames()),
                train.size() / TIMES,
                TIMES,
                fresh.test().size());
    }

    @Override
    public Optimizer optimizer(Kernels kernels, NativeMemory nativeMemory) {
        return optimizer(kernels, parameters());
    }

    private Optimizer optimizer(Kernels kernels, Parameters parameters) {
        Schedule schedule = Schedule.cosine(options().learningRate(), steps() / 20, steps());
        return new AdamW(kernels, memory, parameters, schedule, AdamW.Options.DEFAULT);
    }

    @Override
    public Optional<Callback> callback(Tape runsTape, PrintWriter lines) {
        tape = runsTape;
        out = lines;
        return Optional.of(new Stages());
    }

    /** What happens before the first step, and half way. */
    private final class Stages implements Callback {
        private final MemorySegment headOnly = MemorySegment.ofArray(new byte[Double.BYTES]);

        @Override
        public void onTrainBegin(Training training) throws IOException {
            // A resumed run's checkpoint has the backbone.
            if (training.batches() == 0) {
                Path file =
                        options().backbone() == null ? firstStage() : options().backbone();
                Backbone.load(file, model);
                out.printf("backbone    %s of %s%n", backbone, file);
            }
        }

        @Override
        public void onEpochBegin(Training training, int epoch) {
            stage(model, epoch < headEpochs());
        }

        @Override
        public boolean onEvaluation(Training training, EpochReport report) {
            if (report.epoch() + 1 == headEpochs()) {
                headOnly.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0, report.test().accuracy());
            }
            return true;
        }

        @Override
        public void onTrainEnd(Training training, Trainer.Summary summary) {
            figures.put(HEAD_ONLY, headOnly.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0));
        }

        @Override
        public List<NamedTensor> state() {
            return List.of(new NamedTensor(HEAD_ONLY, TensorType.F64, new long[] {1}, headOnly));
        }

        @Override
        public void load(Function<String, NamedTensor> find) {
            headOnly.copyFrom(find.apply(HEAD_ONLY).data());
        }
    }

    private static void stage(ResNet net, boolean headOnly) {
        net.unfreeze();
        if (headOnly) {
            net.freeze();
            net.modules().get("fc").unfreeze();
        }
    }

    /** Trains the backbone and saves it under PyTorch's names. */
    private Path firstStage() throws IOException {
        ImageData known = Pictures.classes(all, 0, (int) (KNOWN * all.train().classes()));
        Path folder = new RunFolder(options().out()).path();
        Path file = folder.resolve("backbone.safetensors");
        Files.createDirectories(folder);
        out.printf(Locale.ROOT, "stage 1     %s learns %s%n", backbone, String.join(", ", known.classNames()));
        ResNet net = ResNet.resnet20(known.train().classes());
        try (Parameters parameters = net.allocate(memory, options().seed());
                ImageTask task =
                        new ImageTask(net, known, FIRST_BATCH, options().seed(), augment, memory)) {
            long steps = (long) FIRST_EPOCHS * task.stepsPerEpoch();
            Schedule schedule = Schedule.cosine(FIRST_RATE, task.stepsPerEpoch() / 2, steps);
            Sgd.Options nesterov = Sgd.Options.nesterov(0.9f, 5e-4f);
            try (Optimizer optimizer = new Sgd(tape.kernels(), memory, parameters, schedule, nesterov)) {
                new Trainer(task, optimizer, tape, FIRST_EPOCHS)
                        .callback(new Progress(out, "img"))
                        .run();
            }
            StateDict.save(net, file);
        }
        return file;
    }

    /** The accuracy of another net on the same pictures, after as many steps. */
    private double without(boolean frozen) throws IOException {
        ResNet net = backbone.with(features -> head(features, fresh.train().classes()));
        try (Parameters parameters = net.allocate(memory, options().seed() + 1);
                ImageTask task =
                        new ImageTask(net, fresh, options().batch(), options().seed(), augment, memory)) {
            stage(net, frozen);
            try (Optimizer optimizer = optimizer(tape.kernels(), parameters)) {
                return new Trainer(task, optimizer, tape, options().epochs())
                        .run()
                        .test()
                        .accuracy();
            }
        }
    }

    @Override
    public void end(Trainer.Summary summary, PrintWriter lines) {
        try {
            figures.put("random_backbone_accuracy", without(true));
            figures.put("from_scratch_accuracy", without(false));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        lines.printf(
                Locale.ROOT,
                "result      test accuracy %.2f %%, of the head alone %.2f %%; without transfer: on a random backbone"
                        + " %.2f %%, from scratch %.2f %%; %.0f s%n",
                100 * summary.test().accuracy(),
                100 * figures.get(HEAD_ONLY),
                100 * figures.get("random_backbone_accuracy"),
                100 * figures.get("from_scratch_accuracy"),
                summary.seconds());
    }

    private List<String> lines() {
        return figures.entrySet().stream()
                .map(e ->
                        String.format(Locale.ROOT, "%-26s %6.2f %%", e.getKey().replace('_', ' '), 100 * e.getValue()))
                .toList();
    }

    @Override
    public Map<String, Double> figures() {
        return figures;
    }

    @Override
    public Map<String, Object> results(Tape runsTape) {
        Map<String, Object> results = new LinkedHashMap<>(super.results(runsTape));
        results.put("texts", lines());
        return results;
    }
}
