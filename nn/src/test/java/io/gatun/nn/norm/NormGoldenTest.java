package io.gatun.nn.norm;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Shape;
import io.gatun.nn.BatchNorm;
import io.gatun.nn.BatchNorm1d;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.GroupNorm;
import io.gatun.nn.InstanceNorm;
import io.gatun.nn.InstanceNorm1d;
import io.gatun.nn.InstanceNorm2d;
import io.gatun.nn.LayerNorm;
import io.gatun.nn.Module;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.nn.golden.GoldenLayer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every normalizing layer with every option is PyTorch's: forward, gradients, running statistics ({@code norms.py}). */
class NormGoldenTest {
    private static Map<String, Module> layers() {
        BatchNorm.Options batch = BatchNorm.Options.DEFAULT;
        InstanceNorm.Options instance = InstanceNorm.Options.DEFAULT;
        Map<String, Module> all = new LinkedHashMap<>();
        all.put("layer", new LayerNorm(6));
        all.put("layer_wide", new LayerNorm(83));
        all.put("layer_two_axes", new LayerNorm(Shape.of(3, 5), 0.1f, true, true));
        all.put("layer_plain", new LayerNorm(Shape.of(5), 1e-5f, false, true));
        all.put("layer_no_bias", new LayerNorm(Shape.of(5), 1e-5f, true, false));
        all.put("group", new GroupNorm(2, 6));
        all.put("group_one", new GroupNorm(1, 5));
        all.put("group_plain", new GroupNorm(3, 6, 0.01f, false));
        all.put("group_features", new GroupNorm(2, 8));
        all.put("instance1", new InstanceNorm1d(3));
        all.put("instance2", new InstanceNorm2d(3));
        all.put("instance2_affine", new InstanceNorm2d(3, instance.eps(0.01f).affine(true)));
        all.put(
                "instance2_tracked",
                new InstanceNorm2d(3, instance.momentum(0.3f).affine(true).trackRunningStats(true)));
        all.put("batch1_features", new BatchNorm1d(5));
        all.put("batch1", new BatchNorm1d(5));
        all.put("batch2", new BatchNorm2d(3));
        all.put("batch2_momentum", new BatchNorm2d(3, batch.eps(0.01f).momentum(0.3f)));
        all.put("batch2_cumulative", new BatchNorm2d(3, batch.cumulative()));
        all.put("batch2_plain", new BatchNorm2d(3, batch.affine(false)));
        all.put("batch2_untracked", new BatchNorm2d(3, batch.trackRunningStats(false)));
        return all;
    }

    @Test
    void everyLayerIsPyTorchs() {
        try (GoldenLayer golden = new GoldenLayer(GoldenFile.of(NormGoldenTest.class, "norms.safetensors"))) {
            layers().forEach(golden::checkSteps);
        }
    }

    @Test
    void everyCaseHasALayer() {
        try (GoldenFile file = GoldenFile.of(NormGoldenTest.class, "norms.safetensors")) {
            assertThat(layers().keySet()).containsExactlyInAnyOrderElementsOf(file.cases());
        }
    }
}
