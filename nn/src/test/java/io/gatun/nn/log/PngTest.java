package io.gatun.nn.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** Read back by the JDK's own decoder, which the library itself does not use. */
class PngTest {
    @Test
    void everyPixelComesBack() throws IOException {
        for (int channels : new int[] {1, 3}) {
            for (int[] size : new int[][] {{1, 1}, {3, 5}, {32, 32}, {1, 300}}) {
                byte[] pixels = new byte[size[0] * size[1] * channels];
                new Random(7).nextBytes(pixels);
                byte[] png = Png.encode(pixels, size[0], size[1], channels);
                BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
                assertThat(image.getHeight()).isEqualTo(size[0]);
                assertThat(image.getWidth()).isEqualTo(size[1]);
                for (int y = 0; y < size[0]; y++) {
                    for (int x = 0; x < size[1]; x++) {
                        for (int c = 0; c < 3; c++) {
                            int wanted = pixels[(y * size[1] + x) * channels + (channels == 1 ? 0 : c)] & 0xFF;
                            int got = image.getRaster().getSample(x, y, channels == 1 ? 0 : c);
                            assertThat(got).isEqualTo(wanted);
                        }
                    }
                }
            }
        }
    }

    @Test
    void refusesSizesThatDoNotFit() {
        assertThatThrownBy(() -> Png.encode(new byte[5], 2, 3, 1)).hasMessage("5 bytes are no picture of 2x3x1");
        assertThatThrownBy(() -> Png.encode(new byte[8], 2, 2, 2)).hasMessageContaining("2 channels");
    }
}
