package io.gatun.perf.train;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.log.TensorBoard;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.optim.LossScaler;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.train.EarlyStopping;
import io.gatun.nn.train.ModelCheckpoint;
import io.gatun.nn.train.Monitor;
import io.gatun.nn.train.Trainer;
import io.gatun.perf.results.Environment;
import io.gatun.perf.step.Precision;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** One run of {@code gatun train}, from its options to its summary. */
public final class TrainRun {
    /** What decides which epoch is the best. */
    private static final Monitor BETTER = Monitor.min("loss");

    private final TrainOptions asked;
    private final PrintWriter out;

    public TrainRun(TrainOptions asked, PrintWriter out) {
        this.asked = asked;
        this.out = out;
    }

    /** Trains; returns the fields of {@code --json}. */
    public Map<String, Object> run() throws IOException {
        NativeMemory memory = NativeMemory.standard();
        try (ParameterScope loaded = memory.parameters("loaded checkpoint");
                Kernels kernels = Kernels.open(asked.backend(), asked.threads(), memory)) {
            CheckpointFile.Content checkpoint = asked.resume() ? checkpoint(loaded) : null;
            TrainOptions wanted = checkpoint == null ? asked : asked.of(checkpoint.metadata(), checkpoint.file());
            try (Recipe recipe = Recipe.of(wanted, kernels.memory())) {
                return train(recipe, checkpoint, loaded, kernels);
            }
        }
    }

    private CheckpointFile.Content checkpoint(ParameterScope loaded) throws IOException {
        try {
            return CheckpointFile.readOrPrevious(
                    asked.out(), (bytes, alignment) -> loaded.allocate(bytes, "checkpoint"), out::println);
        } catch (NoSuchFileException e) {
            throw new NoSuchFileException(
                    asked.out().toString(), null, "there is no checkpoint to resume; train without --resume first");
        }
    }

    private Map<String, Object> train(
            Recipe recipe, CheckpointFile.Content checkpoint, ParameterScope loaded, Kernels kernels)
            throws IOException {
        NativeMemory memory = kernels.memory();
        TrainOptions options = recipe.options();
        options.precision().choose();
        Files.createDirectories(options.out().toAbsolutePath().getParent());
        if (Files.isDirectory(options.out())) {
            throw new IllegalArgumentException(
                    "--out " + options.out() + " is a folder; name the file to write the checkpoint to");
        }
        Parameters parameters = recipe.task().parameters();
        try (Tape tape = new Tape(kernels, memory, 0, options.seed());
                var _ = tape.autocast(options.precision().storage());
                Optimizer optimizer = recipe.optimizer(kernels, memory);
                LossScaler scaler = scaler(options, optimizer, memory);
                EarlyStopping stopping = stopping(options, memory, parameters)) {
            out.printf(Locale.ROOT, "model       %s, %,d parameters%n", options.model(), parameters.parameterCount());
            out.printf(Locale.ROOT, "data        %s%n", recipe.dataLine());
            out.printf(
                    Locale.ROOT,
                    "run         %d epochs of %d batches of %d, seed %d, %s%n",
                    options.epochs(),
                    recipe.task().stepsPerEpoch(),
                    options.batch(),
                    options.seed(),
                    optimizer.schedule());
            out.printf(
                    Locale.ROOT,
                    "backend     %s, %d threads, %s%n",
                    kernels.preference(),
                    kernels.threads(),
                    options.precision());
            Trainer trainer = new Trainer(recipe.task(), optimizer, tape, options.epochs())
                    .checkpoint(options.out(), options.every(), options.facts())
                    .metrics(recipe.metrics().toArray(Metric[]::new))
                    .callback(new Progress(out, recipe.task().unit()));
            if (scaler != null) {
                trainer.scaler(scaler);
            }
            recipe.callback(tape, out).ifPresent(trainer::callback);
            RunFolder folder = new RunFolder(options.out());
            Map<String, Object> settings = settings(options, kernels, optimizer);
            options.regularization().penalty().ifPresent(trainer::penalty);
            folder.attach(trainer, settings);
            if (options.tensorBoard()) {
                folder.board(trainer, settings, checkpoint == null ? recipe.graph(tape) : Optional.empty());
            }
            if (stopping != null) {
                trainer.callback(stopping).callback(new ModelCheckpoint(folder.path(), BETTER, 0));
            }
            if (checkpoint != null) {
                trainer.resume(checkpoint);
                loaded.close();
                out.printf(Locale.ROOT, "resumed     %s, %d steps done%n", checkpoint.file(), optimizer.steps());
            }
            Trainer.Summary summary = best(trainer, trainer.run(), stopping);
            Ran ran = Ran.of(kernels);
            out.printf(Locale.ROOT, "ran         %s%n", ran);
            recipe.end(summary, out);
            out.printf(Locale.ROOT, "checkpoint  %s%n", options.out());
            out.printf(Locale.ROOT, "report      %s%n", report(recipe, summary, folder, tape));
            Map<String, Object> json = json(options, ran, summary, recipe);
            if (stopping != null) {
                json.put("best_epoch", stopping.bestEpoch() + 1);
            }
            return json;
        }
    }

    /** Null where gradients do not vanish. */
    private static LossScaler scaler(TrainOptions options, Optimizer optimizer, NativeMemory memory) {
        return options.precision() == Precision.F16 ? LossScaler.of(optimizer, memory) : null;
    }

    /** Null where a run has all its epochs. */
    private static EarlyStopping stopping(TrainOptions options, NativeMemory memory, Parameters parameters) {
        int patience = options.regularization().patience();
        return patience == 0 ? null : new EarlyStopping(BETTER, patience, memory, parameters);
    }

    /** With the evaluation of the weights that the model has now: those of the best epoch. */
    private Trainer.Summary best(Trainer trainer, Trainer.Summary last, EarlyStopping stopping) {
        if (stopping == null) {
            return last;
        }
        out.printf(
                Locale.ROOT,
                "best        epoch %d of %d, test loss %.4f%n",
                stopping.bestEpoch() + 1,
                last.epochs(),
                stopping.best());
        return new Trainer.Summary(
                last.epochs(), last.steps(), trainer.evaluate(), last.itemsPerSecond(), last.seconds());
    }

    private static Map<String, Object> settings(TrainOptions options, Kernels kernels, Optimizer optimizer) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("model", options.model());
        settings.put("data", options.data());
        settings.put("epochs", options.epochs());
        settings.put("batch", options.batch());
        settings.put("seed", options.seed());
        settings.put("lr", (double) options.learningRate());
        settings.put("schedule", optimizer.schedule().toString());
        settings.put("precision", options.precision().word());
        settings.put("l1", (double) options.regularization().l1());
        settings.put("l2", (double) options.regularization().l2());
        settings.put("patience", options.regularization().patience());
        settings.put("optimizer", optimizer.getClass().getSimpleName());
        settings.put("backend", kernels.preference().toString());
        settings.put("threads", kernels.threads());
        return settings;
    }

    private static Path report(Recipe recipe, Trainer.Summary summary, RunFolder folder, Tape tape) throws IOException {
        Map<String, Object> metrics = new LinkedHashMap<>();
        summary.test().all().forEach((name, value) -> metrics.put("test_" + name, value));
        metrics.putAll(recipe.figures());
        metrics.put("epochs", summary.epochs());
        metrics.put(recipe.task().unit() + "_per_s", summary.itemsPerSecond());
        metrics.put("seconds", summary.seconds());
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("metrics", metrics);
        results.putAll(recipe.results(tape));
        long done = (long) summary.epochs() * recipe.task().stepsPerEpoch();
        if (recipe.options().tensorBoard()) {
            // One behind the last batch: a resumed run drops it.
            try (TensorBoard board = TensorBoard.resumed(folder.path(), done)) {
                recipe.show(board, done + 1);
            }
        }
        String title = "gatun train " + recipe.options().model();
        return folder.report(title, results, Environment.here().facts());
    }

    private static Map<String, Object> json(TrainOptions options, Ran ran, Trainer.Summary summary, Recipe recipe) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("model", options.model());
        json.put("backend", ran.backend());
        json.put("threads", options.threads());
        json.put("precision", options.precision().word());
        json.put("epochs", summary.epochs());
        if (!Double.isNaN(summary.test().accuracy())) {
            json.put("test_accuracy", summary.test().accuracy());
        }
        json.put("test_loss", summary.test().loss());
        json.putAll(recipe.figures());
        json.put(recipe.task().unit() + "_per_s", summary.itemsPerSecond());
        json.put("seconds", summary.seconds());
        json.put("checkpoint", options.out().toString());
        json.put("run", new RunFolder(options.out()).path().toString());
        return json;
    }
}
