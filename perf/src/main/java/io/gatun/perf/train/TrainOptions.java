package io.gatun.perf.train;

import io.gatun.perf.step.Precision;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What the user asked for. Null stands for "not said": then a resumed run takes what its checkpoint says, and a new one
 * the model's default.
 *
 * @param every steps between checkpoints within an epoch, 0 for none
 * @param tensorBoard whether to write an event file
 * @param backbone weights to transfer from, for {@code transfer} alone
 */
public record TrainOptions(
        String model,
        String backend,
        int threads,
        Integer batch,
        Integer epochs,
        Long seed,
        Float learningRate,
        Precision precision,
        String data,
        Path out,
        int every,
        boolean resume,
        boolean tensorBoard,
        Path backbone,
        Regularization regularization) {

    /** The nets that {@code gatun train} knows. */
    public static final List<String> MODELS = Trainable.words();

    private static final List<String> BACKENDS = List.of("auto", "onednn", "simd", "reference", "cuda");

    /** @throws IllegalArgumentException for a model, backend, number or data that cannot be */
    public TrainOptions {
        known("model", model, MODELS);
        known("backend", backend, BACKENDS);
        atLeast("--threads", threads, 1);
        atLeast("--batch", batch, 1);
        atLeast("--epochs", epochs, 1);
        atLeast("--checkpoint-every", every, 0);
        if (learningRate != null && !(learningRate > 0 && Float.isFinite(learningRate))) {
            throw new IllegalArgumentException("--lr " + learningRate + " is not a positive number");
        }
        if (precision != null) {
            precision.requireBackend(backend);
        }
        if (data != null) {
            Trainable.of(model).require(data);
        }
        if (backbone != null) {
            Trainable.of(model).requireBackbone();
        }
        out = out == null ? Path.of("runs", model, "checkpoint.safetensors") : out;
    }

    private static void known(String what, String word, List<String> words) {
        if (!words.contains(word)) {
            throw new IllegalArgumentException(
                    "unknown " + what + " '" + word + "'; known are " + String.join(", ", words));
        }
    }

    static void atLeast(String option, Integer value, int least) {
        if (value != null && value < least) {
            throw new IllegalArgumentException(option + " " + value + " is less than " + least);
        }
    }

    /** The options with every null replaced by {@code defaults}. */
    TrainOptions or(int defaultBatch, int defaultEpochs, float defaultRate, String defaultData) {
        return new TrainOptions(
                model,
                backend,
                threads,
                batch == null ? defaultBatch : batch,
                epochs == null ? defaultEpochs : epochs,
                seed == null ? 1L : seed,
                learningRate == null ? defaultRate : learningRate,
                precision == null ? Precision.F32 : precision,
                data == null ? defaultData : data,
                out,
                every,
                resume,
                tensorBoard,
                backbone,
                regularization.orNone());
    }

    /** What a checkpoint keeps, so that a resumed run needs to be told nothing. */
    Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("model", model);
        facts.put("batch", batch.toString());
        facts.put("epochs", epochs.toString());
        facts.put("seed", seed.toString());
        facts.put("lr", learningRate.toString());
        facts.put("precision", precision.word());
        facts.put("data", data);
        if (backbone != null) {
            facts.put("backbone", backbone.toString());
        }
        facts.putAll(regularization.facts());
        return facts;
    }

    /**
     * The options of a checkpoint's run.
     *
     * @throws IllegalArgumentException if the user asks for other ones
     */
    TrainOptions of(Map<String, String> facts, Path file) {
        if (!model.equals(facts.get("model"))) {
            throw new IllegalArgumentException(
                    file + " is a checkpoint of " + facts.getOrDefault("model", "no training") + ", not of " + model);
        }
        return new TrainOptions(
                model,
                backend,
                threads,
                same("batch", batch, facts, Integer::valueOf, file),
                same("epochs", epochs, facts, Integer::valueOf, file),
                same("seed", seed, facts, Long::valueOf, file),
                same("lr", learningRate, facts, Float::valueOf, file),
                same("precision", precision, facts, Precision::of, file),
                same("data", data, facts, text -> text, file),
                out,
                every,
                resume,
                tensorBoard,
                facts.containsKey("backbone") ? same("backbone", backbone, facts, Path::of, file) : backbone,
                regularization.of(facts, file));
    }

    static <T> T same(String key, T asked, Map<String, String> facts, Function<String, T> read, Path file) {
        String text = facts.get(key);
        if (text == null) {
            throw new IllegalArgumentException(file + " does not say its '" + key + "': it is no checkpoint of train");
        }
        T then = read.apply(text);
        if (asked != null && !asked.equals(then)) {
            throw new IllegalArgumentException(file + " was made with --" + key + " " + then + ", not " + asked
                    + "; an exact continuation needs the same: leave the option out");
        }
        return then;
    }
}
