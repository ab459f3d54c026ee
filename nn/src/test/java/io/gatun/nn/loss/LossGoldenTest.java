package io.gatun.nn.loss;

import static io.gatun.spec.Reduction.BATCH_MEAN;
import static io.gatun.spec.Reduction.MEAN;
import static io.gatun.spec.Reduction.NONE;
import static io.gatun.spec.Reduction.SUM;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.CrossEntropyOptions;
import io.gatun.autograd.Divergences;
import io.gatun.autograd.Losses;
import io.gatun.autograd.MarginLosses;
import io.gatun.autograd.MarginLosses.Triplet;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.spec.Reduction;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Every loss with every option and reduction against PyTorch, {@code losses.py}: the loss and its gradient. */
class LossGoldenTest {
    private static final float[] CLASSES = {0.2f, 1, 3, 0.5f, 2};
    private static final float[] POSITIVES = {0.5f, 1, 2, 3, 9, 0.1f, 1};
    private static final CrossEntropyOptions PLAIN = CrossEntropyOptions.DEFAULT;

    /** A loss of prediction, target, and of the tensors w or other where the case has them. */
    private interface Case {
        Tensor of(Tensor x, Tensor t, Tensor more, Reduction reduction);
    }

    private static final Map<String, Case> CASES = new TreeMap<>(Map.ofEntries(
            Map.entry("mse", (x, t, m, r) -> Losses.mse(x, t, r)),
            Map.entry("l1", (x, t, m, r) -> Losses.l1(x, t, r)),
            Map.entry("smoothL1", (x, t, m, r) -> Losses.smoothL1(x, t, 1, r)),
            Map.entry("smoothL1-0.3", (x, t, m, r) -> Losses.smoothL1(x, t, 0.3f, r)),
            Map.entry("smoothL1-0", (x, t, m, r) -> Losses.smoothL1(x, t, 0, r)),
            Map.entry("huber", (x, t, m, r) -> Losses.huber(x, t, 1, r)),
            Map.entry("huber-1.7", (x, t, m, r) -> Losses.huber(x, t, 1.7f, r)),
            Map.entry("quantile-0.1", (x, t, m, r) -> Losses.quantile(x, t, 0.1f, r)),
            Map.entry("quantile-0.5", (x, t, m, r) -> Losses.quantile(x, t, 0.5f, r)),
            Map.entry("quantile-0.9", (x, t, m, r) -> Losses.quantile(x, t, 0.9f, r)),
            Map.entry("rmse", (x, t, m, r) -> Losses.rmse(x, t)),
            Map.entry("msle", (x, t, m, r) -> Losses.msle(x, t, r)),
            Map.entry("bce", (x, t, m, r) -> Losses.binaryCrossEntropy(x, t, null, r)),
            Map.entry("bce-soft", (x, t, m, r) -> Losses.binaryCrossEntropy(x, t, null, r)),
            Map.entry("bce-weight", (x, t, m, r) -> Losses.binaryCrossEntropy(x, t, m, r)),
            Map.entry("bceLogits", (x, t, m, r) -> Losses.binaryCrossEntropyWithLogits(x, t, null, r)),
            Map.entry("bceLogits-soft", (x, t, m, r) -> Losses.binaryCrossEntropyWithLogits(x, t, null, r)),
            Map.entry("bceLogits-weight", (x, t, m, r) -> Losses.binaryCrossEntropyWithLogits(x, t, POSITIVES, r)),
            Map.entry("sigmoidFocal", (x, t, m, r) -> Losses.sigmoidFocal(x, t, 0.25f, 2, r)),
            Map.entry("sigmoidFocal-3", (x, t, m, r) -> Losses.sigmoidFocal(x, t, -1, 3, r)),
            Map.entry("crossEntropy", (x, t, m, r) -> Losses.crossEntropy(x, t, PLAIN.withReduction(r))),
            Map.entry("crossEntropy-weight", (x, t, m, r) -> entropy(x, t, PLAIN.withWeight(CLASSES), r)),
            Map.entry("crossEntropy-ignore", (x, t, m, r) -> entropy(x, t, PLAIN.withIgnoreIndex(2), r)),
            Map.entry("crossEntropy-smooth", (x, t, m, r) -> entropy(x, t, PLAIN.withLabelSmoothing(0.1f), r)),
            Map.entry("crossEntropy-smooth-weight", (x, t, m, r) -> entropy(x, t, smoothAndWeighted(), r)),
            Map.entry("crossEntropy-soft", (x, t, m, r) -> entropy(x, t, PLAIN, r)),
            Map.entry("crossEntropy-soft-smooth-weight", (x, t, m, r) -> entropy(x, t, smoothAndWeighted(), r)),
            Map.entry("nll", (x, t, m, r) -> Losses.nll(x, t, PLAIN.withReduction(r))),
            Map.entry(
                    "nll-weight",
                    (x, t, m, r) -> Losses.nll(x, t, PLAIN.withWeight(CLASSES).withReduction(r))),
            Map.entry("focal", (x, t, m, r) -> Losses.focal(x, t, 2, null, r)),
            Map.entry("focal-weight", (x, t, m, r) -> Losses.focal(x, t, 1.5f, CLASSES, r)),
            Map.entry("multiMargin", (x, t, m, r) -> MarginLosses.multiMargin(x, t, 1, 1, null, r)),
            Map.entry("multiMargin-2", (x, t, m, r) -> MarginLosses.multiMargin(x, t, 2, 0.7f, CLASSES, r)),
            Map.entry("softMargin", (x, t, m, r) -> MarginLosses.softMargin(x, t, r)),
            Map.entry("hinge", (x, t, m, r) -> MarginLosses.hinge(x, t, 1, r)),
            Map.entry("hinge-0.5", (x, t, m, r) -> MarginLosses.hinge(x, t, 0.5f, r)),
            Map.entry("multiLabelSoftMargin", (x, t, m, r) -> MarginLosses.multiLabelSoftMargin(x, t, null, r)),
            Map.entry(
                    "multiLabelSoftMargin-weight",
                    (x, t, m, r) -> MarginLosses.multiLabelSoftMargin(x, t, m.toArray(), r)),
            Map.entry("marginRanking", (x, t, m, r) -> MarginLosses.marginRanking(x, m, t, 0.3f, r)),
            Map.entry("cosineEmbedding-0.0", (x, t, m, r) -> MarginLosses.cosineEmbedding(x, m, t, 0, r)),
            Map.entry("cosineEmbedding-0.2", (x, t, m, r) -> MarginLosses.cosineEmbedding(x, m, t, 0.2f, r)),
            Map.entry("tripletMargin", (x, t, m, r) -> triplet(x, t, m, new Triplet(1, 2, false, r))),
            Map.entry("tripletMargin-swap", (x, t, m, r) -> triplet(x, t, m, new Triplet(2, 2, true, r))),
            Map.entry("tripletMargin-1", (x, t, m, r) -> triplet(x, t, m, new Triplet(3, 1, false, r))),
            Map.entry("klDiv", (x, t, m, r) -> Divergences.klDiv(x, t, r)),
            Map.entry("klDiv-log", (x, t, m, r) -> Divergences.klDiv(x, t, r, true)),
            Map.entry("distillation-1.0", (x, t, m, r) -> Divergences.distillation(x, t, 1)),
            Map.entry("distillation-4.0", (x, t, m, r) -> Divergences.distillation(x, t, 4)),
            Map.entry("poissonNll", (x, t, m, r) -> Divergences.poissonNll(x, t, true, 1e-8f, r)),
            Map.entry("poissonNll-rate", (x, t, m, r) -> Divergences.poissonNll(x, t, false, 1e-8f, r)),
            Map.entry("gaussianNll", (x, t, m, r) -> Divergences.gaussianNll(x, t, m, false, 1e-3f, r)),
            Map.entry("gaussianNll-full", (x, t, m, r) -> Divergences.gaussianNll(x, t, m, true, 1e-3f, r)),
            Map.entry("gaussianNll-variance", (x, t, m, r) -> Divergences.gaussianNll(m, t, x, false, 1e-6f, r)),
            Map.entry("gaussianKl", (x, t, m, r) -> Divergences.gaussianKl(x, t)),
            Map.entry("gaussianKl-variance", (x, t, m, r) -> Divergences.gaussianKl(t, x))));

    private static final Map<String, Reduction> REDUCTIONS =
            Map.of("none", NONE, "mean", MEAN, "sum", SUM, "batchmean", BATCH_MEAN);

    private static CrossEntropyOptions smoothAndWeighted() {
        return PLAIN.withWeight(CLASSES).withLabelSmoothing(0.2f);
    }

    private static Tensor entropy(Tensor x, Tensor t, CrossEntropyOptions options, Reduction reduction) {
        return Losses.crossEntropy(x, t, options.withReduction(reduction));
    }

    private static Tensor triplet(Tensor anchor, Tensor positive, Tensor negative, Triplet options) {
        return MarginLosses.tripletMargin(anchor, positive, negative, options);
    }

    @Test
    void everyLossIsThatOfPyTorch() {
        NativeMemory memory = NativeMemory.standard();
        try (GoldenFile golden = GoldenFile.of(LossGoldenTest.class, "losses.safetensors");
                Kernels kernels = Kernels.open("simd", 2);
                Tape tape = new Tape(kernels, memory)) {
            assertThat(golden.cases()).containsExactlyInAnyOrderElementsOf(CASES.keySet());
            CASES.forEach((name, loss) -> REDUCTIONS.forEach((word, reduction) -> {
                if (golden.has(name + "/loss." + word)) {
                    tape.reset();
                    compare(golden, tape, name, word, reduction, loss);
                }
            }));
        }
    }

    private static void compare(
            GoldenFile golden, Tape tape, String name, String word, Reduction reduction, Case loss) {
        Tensor x = tensor(golden, tape, name + "/x").requiresGrad(true);
        Tensor t = tensor(golden, tape, name + "/t");
        String more = golden.has(name + "/w") ? "/w" : "/other";
        Tensor third = golden.has(name + more) ? tensor(golden, tape, name + more) : null;
        Tensor result = loss.of(x, t, third, reduction);
        assertThat(result.shape()).as(name).isEqualTo(golden.shape(name + "/loss." + word));
        close(name + " loss." + word, result.toArray(), golden.floats(name + "/loss." + word));
        (reduction == NONE ? result.mul(tensor(golden, tape, name + "/g")).sum() : result).backward();
        float[] gradient = tape.input(x.shape(), x.grad()).toArray();
        close(name + " dx." + word, gradient, golden.floats(name + "/dx." + word));
    }

    private static Tensor tensor(GoldenFile golden, Tape tape, String name) {
        boolean classes = name.matches("(crossEntropy(?!-soft).*|nll.*|focal.*|multiMargin.*)/t");
        return classes
                ? tape.integers(golden.shape(name), golden.integers(name))
                : tape.tensor(golden.shape(name), golden.floats(name));
    }

    /** 8 ulp, and 4 of the largest number up to 1, which terms that cancel may have had. */
    private static void close(String what, float[] actual, float[] expected) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        float largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < actual.length; i++) {
            double tolerance = 5e-7 * Math.abs(expected[i]) + 2.4e-7 * Math.min(1, largest);
            assertThat(Math.abs((double) actual[i] - expected[i]))
                    .as("%s[%d] is %s, PyTorch's %s", what, i, actual[i], expected[i])
                    .isLessThanOrEqualTo(tolerance);
        }
    }
}
