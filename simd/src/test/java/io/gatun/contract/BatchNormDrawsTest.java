package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The bound of batch norm's mean is of chance, so one draw of a shape says little. In this package for the contract's oracles. */
class BatchNormDrawsTest {
    private static final int DRAWS = 500;

    @Test
    void fewRowsAreWithinTheBoundInAnyDraw() {
        SplittableRandom random = new SplittableRandom(KernelContract.SEED);
        Family<?> family = Families.of(
                Spec.parse("batchnorm f32 training relu rows=65 c=5").getClass());
        try (Kernels kernels = Kernels.open("simd", 1)) {
            Plan plan = kernels.plan(Spec.parse("batchnorm f32 training relu rows=65 c=5"));
            for (int i = 0; i < DRAWS; i++) {
                Inputs inputs = family.anyInputs(plan.spec(), false, random);
                Map<String, Expected> expected = family.anyExpected(plan.spec(), inputs);
                try (Arena arena = Arena.ofConfined()) {
                    assertThat(new Run(arena, plan, inputs, 0, null).execute().wrong(expected, 1))
                            .as("draw %d of %s", i, plan.spec())
                            .isNull();
                }
            }
        }
    }
}
