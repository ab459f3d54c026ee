package io.gatun.nn.conv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.autograd.Convolutions;
import io.gatun.autograd.Images;
import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.Conv2d;
import io.gatun.nn.ConvOptions;
import io.gatun.nn.ConvTranspose2d;
import io.gatun.nn.OnATape;
import io.gatun.spec.Activation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConvTransposeTest extends OnATape {
    /** ⟨transposed(x, w), y⟩ = ⟨x, conv(y, w)⟩, on integers to the last bit. */
    @ParameterizedTest
    @CsvSource({"1, 0, 1, 1, 0", "2, 1, 1, 1, 1", "3, 1, 2, 2, 2", "2, 2, 1, 4, 0", "4, 0, 1, 2, 3"})
    void isTheAdjointOfTheConvolution(int stride, int padding, int dilation, int groups, int more) {
        Window window = new Window(stride, padding, dilation, groups);
        Shape shape = Shape.of(2, 4, 3, 4);
        Tensor x = tape.tensor(shape, integers(shape, 1));
        Shape filters = Shape.of(4, 3, 2, 8 / groups);
        Tensor w = tape.tensor(filters, integers(filters, 2));
        Tensor up = Convolutions.transpose2d(x, w, null, window, more, more);
        Tensor y = tape.tensor(up.shape(), integers(up.shape(), 3));
        Tensor down = Images.conv2d(y, w, null, window, Activation.IDENTITY);
        assertThat(down.shape()).isEqualTo(shape);
        assertThat(dot(up, y)).isEqualTo(dot(x, down)).isNotZero();
    }

    private static double dot(Tensor a, Tensor b) {
        float[] x = a.toArray();
        float[] y = b.toArray();
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += (double) x[i] * y[i];
        }
        return sum;
    }

    @Test
    void errorsNameTheLayerAndTheFix() {
        ConvOptions two = ConvOptions.kernel(2);
        with(new ConvTranspose2d(3, 4, two.stride(2).outputPadding(2)), layer -> assertThatThrownBy(
                        () -> layer.call(tape.zeros(Shape.of(1, 2, 2, 3))))
                .hasMessageContaining("output padding of 2 and 2 must be at least 0 and below the stride 2"));
        with(new ConvTranspose2d(3, 4, two.padding(2)), layer -> assertThatThrownBy(
                        () -> layer.call(tape.zeros(Shape.of(1, 2, 2, 3))))
                .hasMessageContaining("leaves nothing of the output, -1x-1"));
        with(new ConvTranspose2d(3, 4, two), layer -> assertThatThrownBy(
                        () -> layer.call(tape.zeros(Shape.of(1, 2, 2, 5))))
                .hasMessageContaining("src [1x2x2x5] has 5 channels, weights are for 3"));
        assertThatThrownBy(() -> new ConvTranspose2d(3, 4, two.paddingSame())).hasMessageContaining("ConvTranspose2d");
        assertThatThrownBy(() -> new Conv2d(3, 4, two.outputPadding(1))).hasMessageContaining("Conv2d");
        assertThatThrownBy(() -> new Conv2d(3, 4, two.groups(2)))
                .hasMessageContaining("Conv2d: 3 to 4 channels in 2 groups");
        assertThatThrownBy(() -> two.stride(0)).hasMessageContaining("stride 0x0");
    }
}
