package io.gatun.perf.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.gatun.perf.bench.CheckedPlan;
import io.gatun.perf.step.Net;
import io.gatun.spec.AverageSpec;
import io.gatun.spec.CastSpec;
import io.gatun.spec.ClipNormSpec;
import io.gatun.spec.CropMirrorNormalizeSpec;
import io.gatun.spec.ExtremeSpec;
import io.gatun.spec.InverseDeviationSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.PaddingMaskSpec;
import io.gatun.spec.PowerSpec;
import io.gatun.spec.RowNumbersSpec;
import io.gatun.spec.RunningMomentsSpec;
import io.gatun.spec.Spec;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SuiteTest {
    /** A few numbers a step, or nothing that a CPU's step computes: the second are the GPU's, whose figures are to come. */
    private static final Set<Class<?>> UNTIMED = Set.of(
            AverageSpec.class,
            ClipNormSpec.class,
            CropMirrorNormalizeSpec.class,
            ExtremeSpec.class,
            InverseDeviationSpec.class,
            PaddingMaskSpec.class,
            PowerSpec.class,
            RowNumbersSpec.class,
            RunningMomentsSpec.class,
            CastSpec.class,
            MixedSpec.class);

    private static final int THREADS = 2;

    @Test
    void everyKernelFamilyHasAQuickBenchmark() {
        Set<Class<?>> there = Suite.quick().stream()
                .map(Problem::line)
                .filter(line -> !Problem.isStep(line))
                .map(line -> Spec.parse(line).getClass())
                .collect(Collectors.toSet());
        there.addAll(UNTIMED);
        assertThat(there)
                .as("a family without a quick line in one of the lists of io.gatun.perf.suite")
                .contains(Spec.class.getPermittedSubclasses());
    }

    @Test
    void linesAreAsSpecsPrintThemAndStandOnce() {
        List<String> lines = Suite.all().stream().map(Problem::line).toList();
        assertThat(lines).doesNotHaveDuplicates();
        for (String line : lines) {
            String printed = Problem.isStep(line)
                    ? "step " + Net.of(Problem.net(line)).word()
                    : Spec.parse(line).toString();
            assertThat(printed).isEqualTo(line);
        }
    }

    @Test
    void patternsGoByNetAndLine() {
        assertThat(Suite.matching(List.of("transformer.*gemm", "^MLP")))
                .isNotEmpty()
                .allMatch(problem ->
                        problem.net().equals("Transformer") && problem.line().startsWith("gemm")
                                || problem.net().equals("MLP"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Suite.matching(List.of("nothing like it")))
                .withMessageContaining("no benchmark matches 'nothing like it'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Suite.matching(List.of("(")))
                .withMessageContaining("'(' is no regular expression");
    }

    /** One backend each, simd first: the other one judges it, which proves both setups. */
    static Stream<Benchmark> problems() {
        List<String> lines = Suite.all().stream()
                .map(Problem::line)
                .filter(line -> !Problem.isStep(line))
                .toList();
        Set<String> seen = new java.util.HashSet<>();
        return Benchmark.of(lines, THREADS).stream().filter(benchmark -> seen.add(benchmark.line()));
    }

    @ParameterizedTest
    @MethodSource("problems")
    @Tag("heavy")
    void everyProblemIsPlannedAndAgrees(Benchmark benchmark) {
        assertThatCode(() -> {
                    try (CheckedPlan plan =
                            new CheckedPlan(benchmark.backend(), THREADS, Spec.parse(benchmark.line()))) {
                        plan.run();
                        assertThat(plan.implementation()).startsWith(benchmark.backend());
                    }
                })
                .doesNotThrowAnyException();
    }

    @Test
    void everyProblemHasABackend() {
        List<String> lines = Suite.all().stream().map(Problem::line).toList();
        assertThat(Benchmark.of(lines, THREADS)).extracting(Benchmark::line).containsAll(lines);
    }
}
