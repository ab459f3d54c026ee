package io.gatun.perf.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.spec.AdamSpec;
import io.gatun.spec.AverageSpec;
import io.gatun.spec.ClipNormSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.ExtremeSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.InverseDeviationSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.PaddingMaskSpec;
import io.gatun.spec.PowerSpec;
import io.gatun.spec.QuantizeSpec;
import io.gatun.spec.QuantizedConvSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.RowNumbersSpec;
import io.gatun.spec.RunningMomentsSpec;
import io.gatun.spec.Spec;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class GpuProblemsTest {
    /** What multiply-adds bound, which other sections time; a few numbers a step; and what trains nothing. */
    private static final Set<Class<?>> ELSEWHERE = Set.of(
            AdamSpec.class,
            GemmSpec.class,
            ConvSpec.class,
            LstmSpec.class,
            GruSpec.class,
            RnnSpec.class,
            AverageSpec.class,
            ClipNormSpec.class,
            ExtremeSpec.class,
            InverseDeviationSpec.class,
            PaddingMaskSpec.class,
            PowerSpec.class,
            RowNumbersSpec.class,
            RunningMomentsSpec.class,
            QuantizeSpec.class,
            QuantizedConvSpec.class);

    @Test
    void everyFamilyThatMemoryBoundsIsTimed() {
        Set<Class<?>> there = GpuProblems.bandwidth(GpuProblems.ELEMENTS).stream()
                .map(spec -> spec instanceof MixedSpec mixed ? mixed.of().getClass() : spec.getClass())
                .collect(Collectors.toSet());
        there.addAll(ELSEWHERE);
        there.add(MixedSpec.class);
        assertThat(there)
                .as("a family without a line in GpuProblems.bandwidth")
                .contains(Spec.class.getPermittedSubclasses());
    }

    @Test
    void problemsStandOnceAndAreLargerThanTheCache() {
        List<Spec> specs = GpuProblems.bandwidth(GpuProblems.ELEMENTS);
        assertThat(specs)
                .doesNotHaveDuplicates()
                .allSatisfy(spec -> assertThat(spec.bytes()).as(spec.toString()).isGreaterThan(60e6));
        assertThat(specs).hasSameSizeAs(GpuProblems.bandwidth(1024));
    }

    @Test
    void resNet50HasTwentyThreeConvolutionsInThreeDirections() {
        List<Spec> specs = GpuProblems.convolutions(256);
        assertThat(specs).hasSize(3 * 23).doesNotHaveDuplicates();
        assertThat(specs)
                .allMatch(spec -> spec.toString().startsWith("conv bf16 ")
                        && spec.toString().contains(" n=256 "));
    }
}
