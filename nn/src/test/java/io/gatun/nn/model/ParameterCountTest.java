package io.gatun.nn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Parameter;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Gru;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Sequential;
import io.gatun.spec.Activation;
import org.junit.jupiter.api.Test;

/** The published numbers of parameters (torchvision's for ImageNet nets), and PyTorch's names and order. */
class ParameterCountTest {
    @Test
    void published() {
        assertThat(ResNet.resnet20(10).parameterCount()).isEqualTo(272_474);
        // Widely quoted with shortcuts that have no parameters, and so those of the plain nets; ours are projections.
        assertThat(ResNet.plainCifar(20, 16, 10).parameterCount()).isEqualTo(269_722);
        assertThat(ResNet.plainCifar(56, 16, 10).parameterCount()).isEqualTo(853_018);
        assertThat(ResNet.cifar(56, 16, 10).parameterCount()).isEqualTo(853_018 + 2_752);
        assertThat(ResNet.resnet18Cifar(10).parameterCount()).isEqualTo(11_173_962);
        assertThat(ResNet.resnet18(1000).parameterCount()).isEqualTo(11_689_512);
        assertThat(ResNet.resnet34(1000).parameterCount()).isEqualTo(21_797_672);
        assertThat(ResNet.resnet50(1000).parameterCount()).isEqualTo(25_557_032);
        assertThat(Vgg.vgg16(1000).parameterCount()).isEqualTo(138_357_544);
        // Two numbers for each of the 4,224 channels.
        assertThat(Vgg.vgg16Bn(1000).parameterCount()).isEqualTo(138_365_992);
        // The convolutions' 14,714,688, 25,088·512 + 512, 512·20 + 20.
        assertThat(Vgg.vgg16Transfer(20).parameterCount()).isEqualTo(27_570_516);
        assertThat(Vgg.vgg11Cifar(10, 64).parameterCount()).isEqualTo(9_231_114);
        assertThat(new LeNet5(10).parameterCount()).isEqualTo(61_706);
        // 784·64 + 64 + 64·10 + 10, and 10·32 + 32 + 32 + 1.
        assertThat(new Mlp(Activation.SIGMOID, 784, 64, 10).parameterCount()).isEqualTo(50_890);
        assertThat(new Mlp(Activation.SIGMOID, 10, 32, 1).parameterCount()).isEqualTo(385);
        // 784·128 + 128 + 128·32 + 32, and back.
        assertThat(new Autoencoder(784, 128, 32).parameterCount()).isEqualTo(209_968);
        // A token's row is also its head: 12·128² + 13·128 a layer, the last norm 2·128, the tables (64 + 60)·128.
        assertThat(new Gpt(60, 64, 128, 4, 2, 0).parameterCount())
                .isEqualTo(2 * (12 * 128 * 128 + 13 * 128) + 2 * 128 + (64 + 60) * 128);
        assertThat(new LogisticRegression(6).parameterCount()).isEqualTo(7);
        // 32·24 + 4·48·(24 + 48 + 2) + 4·48·(48 + 48 + 2) + 48·32 + 32
        assertThat(new CharLstm(32, 24, 48, 2, 0).parameterCount()).isEqualTo(35_360);
        assertThat(new Gru(128, 512, 2).parameterCount()).isEqualTo(2_562_048);
    }

    @Test
    void torchvisionsNamesInItsOrder() {
        assertThat(ResNet.resnet18(1000).stateDict().keySet())
                .startsWith(
                        "conv1.weight",
                        "bn1.weight",
                        "bn1.bias",
                        "bn1.running_mean",
                        "bn1.running_var",
                        "bn1.num_batches_tracked",
                        "layer1.0.conv1.weight",
                        "layer1.0.bn1.weight")
                .contains("layer2.0.downsample.0.weight", "layer2.0.downsample.1.running_var", "layer4.1.bn2.bias")
                .endsWith("fc.weight", "fc.bias");
        assertThat(ResNet.resnet50(1000).stateDict()).hasSize(161 + 3 * 53);
        assertThat(Vgg.vgg16(1000).stateDict().keySet())
                .startsWith("features.0.weight", "features.0.bias", "features.2.weight", "features.2.bias")
                .contains("features.5.weight", "features.28.bias", "classifier.0.weight", "classifier.3.bias")
                .endsWith("classifier.6.weight", "classifier.6.bias")
                .hasSize(32);
        assertThat(new CharLstm(32, 24, 48, 1, 0).stateDict().keySet())
                .containsExactly(
                        "embedding.weight",
                        "lstm.weight_ih_l0",
                        "lstm.weight_hh_l0",
                        "lstm.bias_ih_l0",
                        "lstm.bias_hh_l0",
                        "linear.weight",
                        "linear.bias");
        assertThat(new Gru(24, 48, 2).stateDict().keySet())
                .containsExactly(
                        "weight_ih_l0",
                        "weight_hh_l0",
                        "bias_ih_l0",
                        "bias_hh_l0",
                        "weight_ih_l1",
                        "weight_hh_l1",
                        "bias_ih_l1",
                        "bias_hh_l1");
    }

    @Test
    void depthsThatAreNoCifarNetAreRefused() {
        assertThatThrownBy(() -> ResNet.cifar(18, 16, 10)).hasMessageContaining("depth = 6 n + 2");
        assertThatThrownBy(() -> ResNet.plainCifar(2, 16, 10)).hasMessageContaining("depth = 6 n + 2");
    }

    @Test
    void aHeadOfOnesOwnIsMadeForTheFeatures() {
        ResNet net = ResNet.resnet50(features -> new Sequential(new Linear(features, 8), new Linear(8, 3)));
        assertThat(net.stateDict().get("fc.0.weight").shape()).isEqualTo(Shape.of(8, 2048));
        assertThat(net.stateDict().keySet()).endsWith("fc.1.weight", "fc.1.bias");
    }

    @Test
    void shapesAreOhwi() {
        Parameter conv = ResNet.resnet18(1000).stateDict().get("conv1.weight");
        assertThat(conv.shape()).isEqualTo(Shape.of(64, 7, 7, 3));
    }

    @Test
    void memoryHoldsThemWithAlignmentGapsOnly() {
        NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 24), false);
        Module net = ResNet.resnet20(10);
        try (var parameters = net.allocate(memory, 1)) {
            assertThat(parameters.parameterCount()).isEqualTo(272_474);
            assertThat(parameters.count()).isBetween(272_474L, 272_474L + 15 * 65);
            assertThat(net.parameters()).isSameAs(parameters);
        }
        assertThat(memory.budget().used()).isZero();
    }
}
