package io.gatun.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.spec.GemmSpec;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GemmPlanTest {
    @Test
    void largeProductsTakeLargeTilesAndWholeSums() {
        for (GemmMath math : GemmMath.values()) {
            GemmPlan plan = GemmPlan.of(GemmSpec.of(4096, 4096, 4096), math);
            assertThat(plan).isEqualTo(new GemmPlan(GemmPlan.Way.TILES, math, 128, 4096, 1));
        }
    }

    /** The gradient of a linear layer's weights: 64 tiles of C that sum over all rows of a batch. */
    @Test
    void fewTilesWithLongSumsAreCut() {
        GemmPlan plan = GemmPlan.of(GemmSpec.of(512, 512, 65_536, true, false), GemmMath.F32);
        assertThat(plan.slices()).isGreaterThan(4);
        assertThat(plan.blocks(GemmSpec.of(512, 512, 65_536)) * plan.slices()).isGreaterThan(GemmTuning.PROCESSORS / 2);
    }

    @Test
    void fewVectorsGoByTheLayoutOfTheMatrix() {
        assertThat(GemmPlan.of(GemmSpec.of(1000, 3, 500), GemmMath.F32).way()).isEqualTo(GemmPlan.Way.DOTS);
        assertThat(GemmPlan.of(GemmSpec.of(1000, 3, 500, true, false), GemmMath.TF32)
                        .way())
                .isEqualTo(GemmPlan.Way.COLUMNS);
        assertThat(GemmPlan.of(GemmSpec.of(3, 1000, 500, false, true), GemmMath.F32)
                        .way())
                .isEqualTo(GemmPlan.Way.DOTS);
        assertThat(GemmPlan.of(GemmSpec.of(3, 1000, 500), GemmMath.F32).way()).isEqualTo(GemmPlan.Way.COLUMNS);
    }

    /** Whatever the sizes: all of k is summed once, no slice is empty, and the kernels' counters are long enough. */
    @Test
    void slicesCoverK() {
        SplittableRandom random = new SplittableRandom(4);
        for (int i = 0; i < 3000; i++) {
            List<Integer> sizes = random.ints(3, 0, 30)
                    .map(bits -> random.nextInt(1 << bits % 20))
                    .boxed()
                    .toList();
            GemmSpec spec = GemmSpec.of(sizes.get(0), sizes.get(1), sizes.get(2));
            for (GemmMath math : GemmMath.values()) {
                GemmPlan plan = GemmPlan.of(spec, math);
                assertThat((long) plan.slice() * plan.slices()).isGreaterThanOrEqualTo(spec.k());
                assertThat((long) plan.slice() * (plan.slices() - 1)).isLessThan(Math.max(1, spec.k()));
                assertThat(plan.slices() == 1 || plan.slice() % 64 == 0).isTrue();
                assertThat(plan.way() != GemmPlan.Way.COLUMNS || plan.slice() <= GemmTuning.MOST_TERMS)
                        .isTrue();
                assertThat(plan.slices()).isLessThanOrEqualTo(65_535);
            }
        }
    }
}
