package io.gatun.perf.train;

import io.gatun.nn.optim.Penalty;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What keeps a run from learning its data by heart. Null stands for "not said", as in {@link TrainOptions}.
 *
 * @param l1 factor of Σ|w| in the loss; 0 for none
 * @param l2 factor of Σw² in the loss; 0 for none
 * @param patience epochs without a better test loss after which a run ends; 0 for all epochs
 */
public record Regularization(Float l1, Float l2, Integer patience) {
    /** Nothing said. */
    public static final Regularization UNSAID = new Regularization(null, null, null);

    /** @throws IllegalArgumentException for a factor or patience that cannot be */
    public Regularization {
        factor("--l1", l1);
        factor("--l2", l2);
        TrainOptions.atLeast("--patience", patience, 0);
    }

    private static void factor(String option, Float value) {
        if (value != null && !(value >= 0 && Float.isFinite(value))) {
            throw new IllegalArgumentException(option + " " + value + " is not a number from 0 on");
        }
    }

    /** With every null replaced by nothing of it. */
    Regularization orNone() {
        return new Regularization(l1 == null ? 0 : l1, l2 == null ? 0 : l2, patience == null ? 0 : patience);
    }

    /** Of weights, not of biases and norms. */
    Optional<Penalty> penalty() {
        return l1 == 0 && l2 == 0 ? Optional.empty() : Optional.of(Penalty.elasticNet(l1, l2));
    }

    Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("l1", l1.toString());
        facts.put("l2", l2.toString());
        facts.put("patience", patience.toString());
        return facts;
    }

    /** That of a checkpoint's run, as {@link TrainOptions#of}. */
    Regularization of(Map<String, String> facts, Path file) {
        return new Regularization(
                TrainOptions.same("l1", l1, facts, Float::valueOf, file),
                TrainOptions.same("l2", l2, facts, Float::valueOf, file),
                TrainOptions.same("patience", patience, facts, Integer::valueOf, file));
    }
}
