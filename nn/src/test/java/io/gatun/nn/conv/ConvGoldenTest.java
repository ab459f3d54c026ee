package io.gatun.nn.conv;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.nn.AdaptiveAvgPool1d;
import io.gatun.nn.AdaptiveAvgPool2d;
import io.gatun.nn.AdaptiveMaxPool2d;
import io.gatun.nn.AvgPool1d;
import io.gatun.nn.AvgPool2d;
import io.gatun.nn.Conv1d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.ConvOptions;
import io.gatun.nn.ConvTranspose1d;
import io.gatun.nn.ConvTranspose2d;
import io.gatun.nn.MaxPool1d;
import io.gatun.nn.MaxPool2d;
import io.gatun.nn.Module;
import io.gatun.nn.PoolOptions;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.nn.golden.GoldenLayer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Convolutions, transposed ones and pools with every option are PyTorch's, forward and gradients ({@code convs.py}). */
class ConvGoldenTest {
    private static Map<String, Module> layers() {
        Map<String, Module> all = new LinkedHashMap<>();
        convolutions(all);
        pools(all);
        return all;
    }

    private static void convolutions(Map<String, Module> all) {
        ConvOptions three = ConvOptions.kernel(3);
        all.put("conv2", new Conv2d(3, 4, three));
        all.put(
                "conv2_pairs",
                new Conv2d(
                        4,
                        6,
                        ConvOptions.kernel(3, 2)
                                .stride(2, 1)
                                .padding(1, 2)
                                .dilation(1, 2)
                                .groups(2)));
        all.put("conv2_depthwise", new Conv2d(4, 8, three.padding(1).groups(4).bias(false)));
        all.put(
                "conv2_same",
                new Conv2d(2, 3, ConvOptions.kernel(4, 3).dilation(1, 2).paddingSame()));
        all.put("conv2_same_stride", new Conv2d(2, 3, three.stride(2).paddingSame()));
        all.put("conv1", new Conv1d(3, 4, three));
        all.put(
                "conv1_options",
                new Conv1d(
                        4, 6, three.stride(2).padding(2).dilation(2).groups(2).bias(false)));
        all.put("conv1_same", new Conv1d(3, 4, ConvOptions.kernel(4).paddingSame()));
        all.put("transpose2", new ConvTranspose2d(3, 4, three));
        all.put(
                "transpose2_options",
                new ConvTranspose2d(
                        4,
                        6,
                        ConvOptions.kernel(3, 2)
                                .stride(2, 3)
                                .padding(1, 0)
                                .outputPadding(1, 2)
                                .groups(2)
                                .dilation(2, 1)));
        ConvOptions four = ConvOptions.kernel(4).stride(2).padding(1).bias(false);
        all.put("transpose2_no_bias", new ConvTranspose2d(2, 2, four));
        all.put(
                "transpose1",
                new ConvTranspose1d(3, 2, three.stride(2).padding(1).outputPadding(1)));
    }

    private static void pools(Map<String, Module> all) {
        PoolOptions three = PoolOptions.window(3).stride(2).padding(1);
        all.put("max2", new MaxPool2d(2));
        all.put(
                "max2_options",
                new MaxPool2d(
                        PoolOptions.window(3, 2).stride(2, 1).padding(1, 0).ceilMode(true)));
        all.put("max1", new MaxPool1d(three));
        all.put("avg2", new AvgPool2d(3, 2, 1));
        all.put(
                "avg2_options",
                new AvgPool2d(PoolOptions.window(3, 2)
                        .stride(2)
                        .padding(1)
                        .ceilMode(true)
                        .countIncludePad(false)));
        all.put("avg2_ceil", new AvgPool2d(three.ceilMode(true)));
        all.put("avg1", new AvgPool1d(three));
        all.put("adaptive_avg2", new AdaptiveAvgPool2d(3, 4));
        all.put("adaptive_avg2_divides", new AdaptiveAvgPool2d(3, 2));
        all.put("adaptive_avg2_larger", new AdaptiveAvgPool2d(5, 7));
        all.put("adaptive_avg1", new AdaptiveAvgPool1d(4));
        all.put("adaptive_max2", new AdaptiveMaxPool2d(3, 4));
        all.put("adaptive_max2_divides", new AdaptiveMaxPool2d(3, 2));
    }

    @Test
    void everyLayerIsPyTorchs() {
        try (GoldenLayer golden = new GoldenLayer(GoldenFile.of(ConvGoldenTest.class, "convs.safetensors"))) {
            layers().forEach(golden::check);
        }
    }

    @Test
    void everyCaseHasALayer() {
        try (GoldenFile file = GoldenFile.of(ConvGoldenTest.class, "convs.safetensors")) {
            assertThat(layers().keySet()).containsExactlyInAnyOrderElementsOf(file.cases());
        }
    }
}
