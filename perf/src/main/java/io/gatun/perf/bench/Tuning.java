package io.gatun.perf.bench;

import io.gatun.kernel.Choices;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Operand;
import io.gatun.memory.NativeMemory;
import io.gatun.spec.Spec;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Races two backends on the specs that both have a kernel for, to see where {@code auto}'s rules are wrong here. */
public final class Tuning implements AutoCloseable {
    private static final List<String> RIVALS = List.of("simd", "onednn");

    /** Less than this is not worth a line: from one JVM to the next a kernel's speed differs by as much. */
    private static final double MARGIN = 1.03;

    private final Kernels rules;
    private final Bench bench;

    /**
     * Opens both backends.
     *
     * @throws io.gatun.kernel.NativeUnavailableException if one of them cannot run here
     */
    public Tuning(int threads) {
        bench = new Bench(RIVALS, threads);
        rules = Kernels.open(Choices.NONE, threads, NativeMemory.standard());
    }

    /**
     * What a race said of one spec.
     *
     * @param rule the backend that {@code auto} takes by its rules
     * @param fastest the one to take
     * @param ratio speed of simd over that of onednn
     */
    public record Verdict(Spec spec, String rule, String fastest, Result.Ratio ratio) {
        /** Whether the rule should be overruled. */
        public boolean differs() {
            return !rule.equals(fastest);
        }
    }

    /** Those that both have a kernel for, each once, in the order of their lines. */
    public List<Spec> contested(Collection<Spec> specs) {
        return specs.stream()
                .distinct()
                .filter(this::contested)
                .sorted(Comparator.comparing(Spec::toString))
                .toList();
    }

    /** Only without a workspace: one that forward wrote is understood by the same backend's backward alone. */
    private boolean contested(Spec spec) {
        return spec.operands().stream().noneMatch(operand -> operand.access() == Operand.Access.WORKSPACE)
                && rules.explain(spec).answers().stream()
                                .filter(answer -> answer.reason() == null && RIVALS.contains(answer.backend()))
                                .count()
                        == RIVALS.size();
    }

    /**
     * Compares the results, then times.
     *
     * @param seconds of timing, after half as many of warming up
     * @throws DisagreementException if the outputs differ
     */
    public Verdict race(Spec spec, double seconds) {
        Result.Ratio ratio = bench.run(spec, seconds).results().getFirst().ratio();
        String rule = rules.plan(spec).backend();
        return new Verdict(spec, rule, fastest(rule, ratio), ratio);
    }

    /** The rule's, unless the other is faster by the margin, and in three of four pairs. */
    static String fastest(String rule, Result.Ratio simd) {
        if (rule.equals("simd")) {
            return simd.median() < 1 / MARGIN && simd.high() < 1 ? "onednn" : rule;
        }
        return simd.median() > MARGIN && simd.low() > 1 ? "simd" : rule;
    }

    @Override
    public void close() {
        rules.close();
        bench.close();
    }
}
