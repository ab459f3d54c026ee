package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.Emulation;
import io.gatun.cuda.RequiresCuda;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Convolutions of buffers at addresses that allow loads of 16 bytes, which the contract never gives, in fp32, TF32, bf16
 * and binary16; with every tile. In this package for its oracles.
 */
@RequiresCuda
@Tag("heavy")
class CudaConvAlignedTest {
    /** A factor of TF32 is off by 2^-11, and a product by twice that; the oracle allows 2^-19 of the terms' magnitudes. */
    private static final double TF32_LOOSENESS = 0x1p9 + 1;

    private final SplittableRandom random = new SplittableRandom(KernelContract.SEED);

    /** Forward: channels of runs of 16 bytes, some of which the tiles cut; strides, dilations, groups, paddings; splits. */
    private static List<ConvSpec> forward() {
        return List.of(
                ConvSpec.of(2, 5, 6, 16, 24, 3, 1, 1).withBias(),
                ConvSpec.of(1, 6, 5, 24, 40, 3, 2, 1).withActivation(Activation.RELU),
                ConvSpec.of(1, 7, 6, 16, 72, 3, 1, 0).withPadding(2, 0, 1, 3).withDilation(2, 1),
                ConvSpec.of(1, 5, 4, 32, 48, 3, 2, 1).withGroups(2).withBias(),
                ConvSpec.of(3, 3, 4, 40, 136, 1, 1, 0),
                ConvSpec.of(1, 4, 3, 136, 16, 3, 1, 1),
                ConvSpec.of(1, 7, 6, 3, 64, 3, 2, 1),
                ConvSpec.of(2, 5, 6, 64, 64, 3, 2, 1).withGroups(64).withBias());
    }

    @AfterEach
    void clear() {
        System.clearProperty("gatun.cuda.tf32");
        System.clearProperty("gatun.cuda.conv.blocks");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "132"})
    void fp32(String blocks) {
        System.setProperty("gatun.cuda.conv.blocks", blocks);
        check(forward(), DType.F32, 1);
        launched(
                "f32",
                blocks.equals("1") ? List.of("128x16", "128x32", "128x64") : List.of("128x16", "128x32", "64x64"));
    }

    @ParameterizedTest
    @CsvSource({"BF16, 1", "BF16, 132", "F16, 1", "F16, 132"})
    void in16Bits(DType storage, String blocks) {
        System.setProperty("gatun.cuda.conv.blocks", blocks);
        check(forward(), storage, 1);
        launched(storage.word(), blocks.equals("1") ? List.of("128", "64") : List.of("64"));
        if (!Emulation.onDevice()) {
            assertThat(EmulatedDevice.launches("gatun_conv_direct_forward_" + storage.word()))
                    .isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "132"})
    void tf32(String blocks) {
        System.setProperty("gatun.cuda.tf32", "true");
        System.setProperty("gatun.cuda.conv.blocks", blocks);
        check(forward(), DType.F32, TF32_LOOSENESS);
        launched("tf32", blocks.equals("1") ? List.of("128", "64") : List.of("64"));
    }

    /** More terms than one accumulator takes, and more pixels than one split. */
    @Test
    void longSums() {
        check(
                List.of(ConvSpec.of(1, 3, 3, 132, 128, 3, 1, 1).withBias(), ConvSpec.of(9, 12, 12, 4, 8, 3, 1, 1)),
                DType.F32,
                1);
        if (!Emulation.onDevice()) {
            assertThat(EmulatedDevice.launches("gatun_conv_sum_f32")).isPositive();
        }
    }

    /** Which a GPU does not count. */
    private static void launched(String math, List<String> tiles) {
        if (Emulation.onDevice()) {
            return;
        }
        for (String tile : tiles) {
            for (String direction : new String[] {"forward", "data"}) {
                String kernel = "gatun_conv_" + direction + "_" + tile + "_" + math;
                assertThat(EmulatedDevice.launches(kernel)).as(kernel).isPositive();
            }
        }
        for (String tile : math.equals("f32") ? List.of("128x64", "64x64") : List.of("128", "64")) {
            String kernel = "gatun_conv_weights_" + tile + "_" + math;
            assertThat(EmulatedDevice.launches(kernel)).as(kernel).isPositive();
        }
    }

    private void check(List<ConvSpec> forward, DType storage, double looseness) {
        EmulatedDevice.reset();
        List<String> wrong = new ArrayList<>();
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            for (ConvSpec one : forward) {
                for (ConvSpec.Direction direction : ConvSpec.Direction.values()) {
                    Spec spec = MixedSpec.of(one.with(direction), storage);
                    for (boolean exact : new boolean[] {true, false}) {
                        AlignedRuns runs = new AlignedRuns(kernels, spec, exact, random);
                        String difference = runs.aligned(exact ? 1 : looseness);
                        if (difference == null && exact) {
                            difference = runs.guarded(1);
                        }
                        if (difference != null) {
                            wrong.add(spec + (exact ? ", exact: " : ": ") + difference);
                        }
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
    }
}
