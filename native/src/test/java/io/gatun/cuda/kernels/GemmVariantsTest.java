package io.gatun.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.RequiresCuda;
import io.gatun.kernel.Offer;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every GEMM kernel, whatever a plan would choose for such small sizes: whole tiles and rests, all ways to store A and B,
 * rows far apart and at odd addresses, sums cut in slices.
 */
@RequiresCuda
class GemmVariantsTest {
    private static CudaContext context;

    @BeforeAll
    static void open() {
        context = CudaContext.open();
    }

    @AfterAll
    static void close() {
        context.close();
    }

    static List<Arguments> tiles() {
        List<Arguments> tiles = new ArrayList<>();
        for (GemmMath math : GemmMath.values()) {
            for (int side : math == GemmMath.F32 ? new int[] {128, 64, 32} : new int[] {128, 64}) {
                tiles.add(Arguments.of(math, side));
            }
        }
        return tiles;
    }

    /** A fifth of the products, which has every way to store A and B; another one for each kind of numbers and tile. */
    @ParameterizedTest
    @MethodSource("tiles")
    void tilesAreRight(GemmMath math, int side) {
        tilesAreRight(math, side, 5);
    }

    @Tag("heavy")
    @ParameterizedTest
    @MethodSource("tiles")
    void tilesAreRightForAllProducts(GemmMath math, int side) {
        tilesAreRight(math, side, 1);
    }

    private static void tilesAreRight(GemmMath math, int side, int every) {
        SplittableRandom random = new SplittableRandom(side);
        int skew = 0;
        List<GemmSpec> specs = specs(side);
        for (int i = (math.ordinal() + side / 32) % every; i < specs.size(); i += every) {
            GemmSpec spec = specs.get(i);
            for (int slices : spec.k() > 128 ? new int[] {1, 3} : new int[] {1}) {
                GemmPlan plan = GemmPlan.tiles(spec, math, side, slices);
                boolean wide = skew % 3 == 0 && math.bytes < 4;
                GemmOnDevice product = new GemmOnDevice(spec, math, wide, skew % 2 == 0, random);
                assertThat(product.wrong(context, plan, skew++ % 3))
                        .as(plan + " of " + spec)
                        .isNull();
            }
        }
    }

    private static List<GemmSpec> specs(int side) {
        List<GemmSpec> specs = new ArrayList<>();
        for (int stored = 0; stored < 4; stored++) {
            boolean ta = stored / 2 == 1;
            boolean tb = stored % 2 == 1;
            specs.add(GemmSpec.of(side, side, 64, ta, tb));
            specs.add(GemmSpec.of(side - 3, 9, 37, ta, tb).scaled(2, 1).withBias());
            specs.add(GemmSpec.of(side + 8, 20, 40, ta, tb).withRowStrides(side + 64, side + 76, side + 12));
            specs.add(GemmSpec.batched(2, 20, side + 4, 70, ta, tb).withActivation(Activation.RELU));
            specs.add(GemmSpec.of(9, 12, 200, ta, tb).scaled(-1, 0.5f).withBias());
            specs.add(GemmSpec.of(9, 10, 203, ta, tb).withRowStrides(205, 207, 11));
        }
        specs.add(GemmSpec.of(9, 10, 0).withBias());
        specs.add(GemmSpec.of(9, 10, 0).scaled(1, 2));
        return specs;
    }

    /** Beyond 1024 terms the kernels put their sums by and begin anew: with bias, beta and an activation once each. */
    @Test
    void longSumsAreAddedInPieces() {
        SplittableRandom random = new SplittableRandom(1);
        for (int side : new int[] {128, 64, 32}) {
            GemmSpec spec = GemmSpec.of(5, 7, 2500).scaled(0.5f, 2).withBias().withActivation(Activation.RELU);
            GemmPlan plan = GemmPlan.tiles(spec, GemmMath.F32, side, 1);
            assertThat(new GemmOnDevice(spec, GemmMath.F32, false, true, random).wrong(context, plan, 0))
                    .isNull();
            assertThat(new GemmOnDevice(spec.scaled(1, 0), GemmMath.F32, false, false, random).wrong(context, plan, 1))
                    .isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({"F32, 32", "TF32, 64", "BF16, 64", "F16, 64"})
    void nanAndInfinityArriveInTheirRowAndColumnAlone(GemmMath math, int side) {
        GemmSpec spec = GemmSpec.of(20, 24, 40);
        for (float special : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -0.0f, Float.intBitsToFloat(-1)}) {
            GemmOnDevice product = new GemmOnDevice(spec, math, false, true, new SplittableRandom(2));
            product.set("a", 45, special);
            assertThat(product.wrong(context, GemmPlan.tiles(spec, math, side, 1), 0))
                    .isNull();
        }
    }

    @Test
    void fewVectorsGoTheirOwnWay() {
        SplittableRandom random = new SplittableRandom(3);
        for (int few = 1; few <= 8; few++) {
            for (int stored = 0; stored < 4; stored++) {
                for (GemmSpec spec : List.of(
                        GemmSpec.of(few, 132, 256, stored / 2 == 1, stored % 2 == 1)
                                .withBias(),
                        GemmSpec.of(37, few, 165, stored / 2 == 1, stored % 2 == 1)
                                .scaled(2, 1),
                        GemmSpec.batched(2, few, 21, 2100, stored / 2 == 1, stored % 2 == 1)
                                .withActivation(Activation.RELU))) {
                    GemmPlan plan = GemmPlan.of(spec, GemmMath.F32);
                    assertThat(plan.way()).isNotEqualTo(GemmPlan.Way.TILES);
                    assertThat(new GemmOnDevice(spec, GemmMath.F32, false, few % 2 == 0, random)
                                    .wrong(context, plan, few % 3))
                            .as(plan + " of " + spec)
                            .isNull();
                }
            }
        }
    }

    @Test
    void tf32IsForThoseWhoAskForIt() {
        assertThat(implementation(GemmSpec.of(64, 64, 64))).isEqualTo("cuda:gemm-f32");
        System.setProperty("gatun.cuda.tf32", "true");
        try {
            assertThat(implementation(GemmSpec.of(64, 64, 64))).isEqualTo("cuda:gemm-tf32");
            assertThat(implementation(GemmSpec.of(64, 2, 64))).isEqualTo("cuda:gemm-f32");
        } finally {
            System.clearProperty("gatun.cuda.tf32");
        }
    }

    private static String implementation(GemmSpec spec) {
        return ((Offer.Taken) Gemm.offer(context, spec)).kernel().implementation();
    }
}
