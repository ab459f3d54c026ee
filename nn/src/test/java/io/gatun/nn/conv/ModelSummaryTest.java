package io.gatun.nn.conv;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Shape;
import io.gatun.nn.AvgPool2d;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv1d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.ConvOptions;
import io.gatun.nn.ConvTranspose2d;
import io.gatun.nn.Flatten;
import io.gatun.nn.GlobalMaxPool;
import io.gatun.nn.LayerNorm;
import io.gatun.nn.Linear;
import io.gatun.nn.MaxPool1d;
import io.gatun.nn.MaxPool2d;
import io.gatun.nn.ModelSummary;
import io.gatun.nn.OnATape;
import io.gatun.nn.ReceptiveField;
import io.gatun.nn.Sequential;
import io.gatun.nn.model.ResNet;
import io.gatun.spec.Activation;
import org.junit.jupiter.api.Test;

/** Counts of parameters, multiply-adds and input pixels, against those worked out by hand. */
class ModelSummaryTest extends OnATape {
    @Test
    void denseWeightsOfAnImageWithoutBiases() {
        assertThat(new Linear(224 * 224 * 3, 4, false, Activation.IDENTITY).parameterCount())
                .isEqualTo(602_112);
    }

    /** Cout Cin k² (+ Cout), however large the image. */
    @Test
    void aFilterIsSharedByAllPositions() {
        assertThat(new Conv2d(3, 16, ConvOptions.kernel(5).bias(false)).parameterCount())
                .isEqualTo(16 * 3 * 25);
        assertThat(new Conv2d(3, 16, ConvOptions.kernel(5)).parameterCount()).isEqualTo(16 * 3 * 25 + 16);
        assertThat(new Conv2d(32, 32, ConvOptions.kernel(3).groups(32)).parameterCount())
                .isEqualTo(32 * 9 + 32);
    }

    @Test
    void everyLayerHasARow() {
        BatchNorm2d frozen = new BatchNorm2d(4);
        Sequential net = new Sequential(
                new Conv2d(3, 4, ConvOptions.kernel(3).padding(1)),
                frozen,
                new ConvTranspose2d(4, 2, ConvOptions.kernel(2).stride(2)),
                new LayerNorm(8, 12, 2),
                new GlobalMaxPool(),
                new Linear(2, 5));
        frozen.eval();
        with(net, _ -> {
            float[] before = net.stateDict().get("1.running_mean").toArray();
            ModelSummary summary = ModelSummary.of(net, tape, tape.zeros(Shape.of(2, 4, 6, 3)));
            long conv = 2 * 4 * 6 * 4 * 27;
            long transposed = 2 * 4 * 6 * (4 * 2 * 4);
            assertThat(summary.rows())
                    .containsExactly(
                            new ModelSummary.Row("", "Sequential", Shape.of(2, 5), 0, 0),
                            new ModelSummary.Row("0", "Conv2d", Shape.of(2, 4, 6, 4), 4 * 27 + 4, conv),
                            new ModelSummary.Row("1", "BatchNorm2d", Shape.of(2, 4, 6, 4), 8, 0),
                            new ModelSummary.Row("2", "ConvTranspose2d", Shape.of(2, 8, 12, 2), 34, transposed),
                            new ModelSummary.Row("3", "LayerNorm", Shape.of(2, 8, 12, 2), 384, 0),
                            new ModelSummary.Row("4", "GlobalMaxPool", Shape.of(2, 2), 0, 0),
                            new ModelSummary.Row("5", "Linear", Shape.of(2, 5), 15, 20));
            assertThat(summary.total().parameters()).isEqualTo(net.parameterCount());
            assertThat(summary.total().multiplyAdds()).isEqualTo(conv + transposed + 20);
            assertThat(summary.toString()).contains("total").contains("[2x8x12x2]");
            assertThat(net.training()).isTrue();
            assertThat(frozen.training()).isFalse();
            assertThat(net.stateDict().get("1.running_mean").toArray()).isEqualTo(before);
        });
    }

    @Test
    void aModuleInTwoPlacesIsOneRow() {
        Linear shared = new Linear(3, 3);
        with(new Sequential(shared, new Flatten(), shared), net -> {
            ModelSummary summary = ModelSummary.of(net, tape, tape.zeros(Shape.of(2, 3)));
            assertThat(summary.rows()).extracting(ModelSummary.Row::path).containsExactly("", "0", "1");
            assertThat(summary.rows().get(1).multiplyAdds()).isEqualTo(2 * 2 * 9);
            assertThat(summary.total().parameters()).isEqualTo(12);
        });
    }

    /** ResNet-20 of 32 x 32 pixels: 3x3 convolutions in three stages, two 1x1 shortcuts and the last layer. */
    @Test
    void multiplyAddsOfAResNet() {
        with(ResNet.resnet20(10), net -> {
            ModelSummary summary = ModelSummary.of(net, tape, tape.zeros(Shape.of(1, 32, 32, 3)));
            assertThat(summary.total().parameters()).isEqualTo(272_474);
            long first = 32 * 32 * 27 * 16;
            long wide = 6 * 32 * 32 * 9 * 16 * 16;
            long middle = 16 * 16 * 9 * (16 * 32 + 5 * 32 * 32);
            long narrow = 8 * 8 * 9 * (32 * 64 + 5 * 64 * 64);
            long shortcuts = 16 * 16 * 16 * 32 + 8 * 8 * 32 * 64;
            assertThat(summary.total().multiplyAdds()).isEqualTo(first + wide + middle + narrow + shortcuts + 640);
        });
    }

    @Test
    void receptiveFieldGrowsByTheProductOfTheStrides() {
        Sequential net = new Sequential(
                new Conv2d(3, 4, 7, 2, 3),
                new MaxPool2d(3, 2, 1),
                new Conv2d(4, 4, ConvOptions.kernel(3).dilation(2)),
                new AvgPool2d(2),
                new Flatten());
        assertThat(ReceptiveField.steps(net))
                .containsExactly(
                        new ReceptiveField(7, 2),
                        new ReceptiveField(11, 4),
                        new ReceptiveField(27, 4),
                        new ReceptiveField(31, 8));
        assertThat(ReceptiveField.of(new Sequential(new Conv1d(1, 1, 3, 1, 0), new MaxPool1d(2), new Flatten())))
                .isEqualTo(new ReceptiveField(4, 2));
        ReceptiveField vgg16 = ReceptiveField.INPUT;
        for (int convolutions : new int[] {2, 2, 3, 3, 3}) {
            for (int i = 0; i < convolutions; i++) {
                vgg16 = vgg16.then(3, 1);
            }
            vgg16 = vgg16.then(2, 2);
        }
        assertThat(vgg16).isEqualTo(new ReceptiveField(212, 32));
        assertThat(ReceptiveField.of(new Flatten())).isEqualTo(ReceptiveField.INPUT);
    }
}
