package io.gatun.nn.data.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.nn.data.DataSource;
import io.gatun.nn.data.ImageData;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderImagesTest {
    @TempDir
    private Path root;

    /** Pictures of one colour, 20 wide and 10 high, whose outer quarters are white. */
    private void write(String folder, Color colour, int count) throws IOException {
        Files.createDirectories(root.resolve(folder));
        for (int i = 0; i < count; i++) {
            BufferedImage image = new BufferedImage(20, 10, BufferedImage.TYPE_INT_RGB);
            Graphics2D graphics = image.createGraphics();
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, 20, 10);
            graphics.setColor(colour);
            graphics.fillRect(5, 0, 10, 10);
            graphics.dispose();
            ImageIO.write(image, "png", root.resolve(folder, i + ".png").toFile());
        }
    }

    @Test
    void trainAndTestAreFoldersOfClasses() throws IOException {
        write("train/blue", Color.BLUE, 3);
        write("train/red", Color.RED, 4);
        write("test/blue", Color.BLUE, 1);
        write("test/red", Color.RED, 2);
        ImageData data = DataSource.parseImages("folder:" + root).loadImages(1);
        assertThat(data.classNames()).containsExactly("blue", "red");
        assertThat(data.train().labels()).containsExactly(0, 0, 0, 1, 1, 1, 1);
        assertThat(data.test().labels()).containsExactly(0, 1, 1);
        assertThat(data.train().height()).isEqualTo(32);
        assertThat(data.train().channels()).isEqualTo(3);
        // The middle square, whose border has a little of the white beside it.
        byte[] pixels = data.test().pixels();
        int middle = (16 * 32 + 16) * 3;
        assertThat(Arrays.copyOfRange(pixels, middle, middle + 3)).containsExactly(0, 0, -1);
    }

    @Test
    void aFolderOfClassesIsSplitBySeed() throws IOException {
        write("blue", Color.BLUE, 10);
        write("red", Color.RED, 20);
        ImageData data = FolderImages.load(root, 4, 1);
        assertThat(data.train().size()).isEqualTo(24);
        assertThat(Arrays.stream(data.test().labels())
                        .filter(label -> label == 0)
                        .count())
                .isEqualTo(2);
        assertThat(data.test().size()).isEqualTo(6);
        assertThat(FolderImages.load(root, 4, 1).test()).satisfies(again -> assertThat(again.pixels())
                .isEqualTo(data.test().pixels()));
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        Path nowhere = root.resolve("nowhere");
        assertThatThrownBy(() -> FolderImages.load(nowhere, 4, 1))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("nowhere");
        assertThatThrownBy(() -> FolderImages.load(root, 4, 1)).hasMessageContaining("make one for each class");
        write("train/blue", Color.BLUE, 1);
        assertThatThrownBy(() -> FolderImages.load(root, 4, 1)).hasMessageContaining("has train and no test");
        write("test/red", Color.RED, 1);
        assertThatThrownBy(() -> FolderImages.load(root, 4, 1))
                .hasMessageContaining("train has the classes [blue] and test has [red]");
        write("single/blue", Color.BLUE, 1);
        assertThatThrownBy(() -> FolderImages.load(root.resolve("single"), 4, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("single cannot be split");
    }
}
