package io.gatun.nn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.nn.OnATape;
import io.gatun.nn.ResidualBlock;
import org.junit.jupiter.api.Test;

/** What the nets for images do besides counting their parameters. */
class VisionModelsTest extends OnATape {
    /** With filters of zero a residual block hands its source on, and a plain one nothing. */
    @Test
    void aPlainBlockHasNoShortcut() {
        Shape shape = Shape.of(2, 4, 4, 3);
        float[] values = normal(shape, 1);
        with(ResidualBlock.basic(3, 3, 1), block -> {
            zeroFilters(block);
            Tensor positive = tape.tensor(shape, values).relu();
            assertThat(block.eval().call(positive).toArray()).isEqualTo(positive.toArray());
        });
        with(ResidualBlock.plain(3, 3, 1), block -> {
            zeroFilters(block);
            assertThat(block.eval().call(tape.tensor(shape, values)).toArray()).containsOnly(0);
        });
        // Where the shape changes there is no projection either.
        assertThat(ResidualBlock.plain(3, 6, 2).modules()).doesNotContainKey("downsample");
        assertThat(ResidualBlock.basic(3, 6, 2).modules()).containsKey("downsample");
    }

    private static void zeroFilters(ResidualBlock block) {
        block.stateDict().forEach((name, parameter) -> {
            if (name.startsWith("conv")) {
                parameter.copyFrom(new float[Math.toIntExact(parameter.shape().elements())]);
            }
        });
    }

    /**
     * One pixel is left of 32x32, which is repeated to the 7x7 that the head takes. By the plain kernels: so few numbers
     * are done with before those for vectors are compiled.
     */
    @Test
    void vgg16TakesSmallImages() {
        Shape images = Shape.of(1, 32, 32, 3);
        try (Kernels plain = Kernels.open("reference", 1);
                Tape own = new Tape(plain, memory)) {
            with(Vgg.vgg16Transfer(3, 2), net -> {
                net.eval();
                try (var _ = own.noGrad()) {
                    Tensor logits = net.call(own.tensor(images, normal(images, 1)));
                    assertThat(logits.shape()).isEqualTo(Shape.of(1, 3));
                    assertThat(logits.toArray()).doesNotContain(Float.NaN);
                }
            });
        }
    }

    /** Two heaps of points, a centre in the middle of each, and the width of their distance: β = 1 / 2·5². */
    @Test
    void centresGoWhereThePointsAre() {
        float[][] points = {{0, 1}, {0, -1}, {1, 0}, {-1, 0}, {3, 5}, {3, 3}, {2, 4}, {4, 4}};
        with(new RbfNetwork(2, 2, 1), net -> {
            net.centre(points, 3);
            float[] centres = net.stateDict().get("rbf.centres").toArray();
            float[] left = centres[0] < 1 ? new float[] {0, 0, 3, 4} : new float[] {3, 4, 0, 0};
            assertThat(centres).containsExactly(left, within(1e-6f));
            assertThat(net.stateDict().get("rbf.beta").toArray()).containsOnly(1 / 50f);
        });
        with(new RbfNetwork(2, 9, 1), net -> assertThatThrownBy(() -> net.centre(points, 1))
                .hasMessageContaining("8 points cannot give 9 centres"));
    }
}
