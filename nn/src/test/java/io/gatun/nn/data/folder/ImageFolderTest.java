package io.gatun.nn.data.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.BatchStream;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.data.Standardization;
import io.gatun.nn.data.folder.ImageFolder.Broken;
import io.gatun.nn.data.folder.ImageFolder.Options;
import io.gatun.nn.data.image.Augment;
import io.gatun.nn.data.image.CenterCrop;
import io.gatun.nn.data.image.Image;
import io.gatun.nn.data.image.ImagePipeline;
import io.gatun.nn.data.image.RandomResizedCrop;
import io.gatun.nn.data.image.Resize;
import io.gatun.nn.io.FormatException;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Small pictures in the real formats, as the JDK writes them, and what is wrong with real ones. */
@Timeout(60)
class ImageFolderTest {
    private static final int HEIGHT = 6;
    private static final int WIDTH = 10;

    @TempDir
    private Path root;

    /** Channel c at (y, x), 0 to 255, smooth enough for JPEG. */
    private static int value(int y, int x, int c) {
        return 20 + 15 * x + 10 * y + (c == 1 ? 30 : 0) - (c == 2 ? 15 : 0);
    }

    private static BufferedImage colour(int type) {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, type);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int rgb = value(y, x, 0) << 16 | value(y, x, 1) << 8 | value(y, x, 2);
                // Half transparent: the colours must come through as they are.
                image.setRGB(x, y, 0x80 << 24 | rgb);
            }
        }
        return image;
    }

    /** Bands of up to 16 bits: value · 257 fills them, plus 100 that only 16 bits can tell. */
    private static BufferedImage wide(int bands) {
        ColorSpace space = ColorSpace.getInstance(bands == 1 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB);
        ComponentColorModel model =
                new ComponentColorModel(space, false, false, Transparency.OPAQUE, DataBuffer.TYPE_USHORT);
        WritableRaster raster = model.createCompatibleWritableRaster(WIDTH, HEIGHT);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                for (int c = 0; c < bands; c++) {
                    raster.setSample(x, y, c, value(y, x, c) * 257 + 100);
                }
            }
        }
        return new BufferedImage(model, raster, false, null);
    }

    private Path write(String name, BufferedImage image) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        String format = name.substring(name.lastIndexOf('.') + 1);
        assertThat(ImageIO.write(image, format, file.toFile())).as(name).isTrue();
        return file;
    }

    private static Image decode(Path file, int channels) throws IOException {
        Image image = new Image();
        new ImageFile(channels, 1 << 20).decode(file, image);
        return image;
    }

    private static void assertColours(Image image, double tolerance) {
        assertThat(image).hasToString(HEIGHT + "x" + WIDTH + "x3");
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                for (int c = 0; c < 3; c++) {
                    assertThat(255.0 * image.values()[(y * WIDTH + x) * 3 + c])
                            .as("(%d, %d) %d", y, x, c)
                            .isEqualTo(value(y, x, c), within(tolerance));
                }
            }
        }
    }

    @Test
    void decodesColoursInEveryFormat() throws IOException {
        assertColours(decode(write("a/bgr.png", colour(BufferedImage.TYPE_3BYTE_BGR)), 3), 1e-4);
        assertColours(decode(write("a/argb.png", colour(BufferedImage.TYPE_INT_ARGB)), 3), 1e-4);
        assertColours(decode(write("a/rgb.bmp", colour(BufferedImage.TYPE_3BYTE_BGR)), 3), 1e-4);
        assertColours(decode(write("a/565.bmp", colour(BufferedImage.TYPE_USHORT_565_RGB)), 3), 8);
        assertColours(decode(write("a/rgb.jpg", colour(BufferedImage.TYPE_3BYTE_BGR)), 3), 20);
        Image wide = decode(write("a/16bit.png", wide(3)), 3);
        assertThat(wide.values()[5]).isEqualTo((value(0, 1, 2) * 257 + 100) / 65535f, within(1e-7f));
    }

    @Test
    void greyIsNotBrightenedAndGoesEitherWay() throws IOException {
        BufferedImage grey = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            grey.getRaster().setSample(i % WIDTH, i / WIDTH, 0, value(i / WIDTH, i % WIDTH, 0));
        }
        for (String name : List.of("a/grey.png", "a/grey.jpg", "a/grey.bmp")) {
            Path file = write(name, grey);
            Image one = decode(file, 1);
            Image three = decode(file, 3);
            for (int i = 0; i < WIDTH * HEIGHT; i++) {
                assertThat(one.values()[i] * 255.0)
                        .as("%s %d", name, i)
                        .isEqualTo(value(i / WIDTH, i % WIDTH, 0), within(name.endsWith("jpg") ? 4.0 : 1e-4));
                for (int c = 0; c < 3; c++) {
                    assertThat(three.values()[3 * i + c]).isEqualTo(one.values()[i]);
                }
            }
        }
        Image wide = decode(write("a/grey16.png", wide(1)), 1);
        assertThat(wide.values()[7]).isEqualTo((value(0, 7, 0) * 257 + 100) / 65535f, within(1e-7f));
        Image mixed = decode(write("a/colour.png", colour(BufferedImage.TYPE_3BYTE_BGR)), 1);
        assertThat(mixed.values()[3] * 255)
                .isEqualTo(0.299f * value(0, 3, 0) + 0.587f * value(0, 3, 1) + 0.114f * value(0, 3, 2), within(1e-3f));
    }

    @Test
    void palettesAreResolved() throws IOException {
        byte[] reds = new byte[16];
        byte[] greens = new byte[16];
        byte[] blues = new byte[16];
        for (int i = 0; i < 16; i++) {
            reds[i] = (byte) (17 * i);
            greens[i] = (byte) (255 - 9 * i);
            blues[i] = (byte) (i * i);
        }
        IndexColorModel palette = new IndexColorModel(4, 16, reds, greens, blues);
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_BINARY, palette);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            image.getRaster().setSample(i % WIDTH, i / WIDTH, 0, i % 16);
        }
        for (String name : List.of("a/palette.png", "a/palette.gif", "a/palette.bmp")) {
            Image decoded = decode(write(name, image), 3);
            for (int i = 0; i < WIDTH * HEIGHT; i++) {
                assertThat(Arrays.copyOfRange(decoded.values(), 3 * i, 3 * i + 3))
                        .as("%s %d", name, i)
                        .containsExactly(
                                (reds[i % 16] & 0xFF) / 255f,
                                (greens[i % 16] & 0xFF) / 255f,
                                (blues[i % 16] & 0xFF) / 255f);
            }
        }
    }

    /** Values 1 to 8 of the tag, each in both byte orders: where the stored first pixel is shown. */
    @Test
    void followsTheOrientationOfCameras() throws IOException {
        BufferedImage corner = new BufferedImage(32, 16, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < 64; i++) {
            corner.setRGB(i % 8, i / 8, 0xFFFFFF);
        }
        byte[] jpeg = Files.readAllBytes(write("a/corner.jpg", corner));
        String[] shown = {"top left", "top right", "bottom right", "bottom left"};
        int[] places = {0, 1, 2, 3, 0, 1, 2, 3};
        for (int value = 1; value <= 8; value++) {
            for (boolean little : new boolean[] {true, false}) {
                Path file = Files.write(root.resolve("a/turned.jpg"), oriented(jpeg, value, little));
                Image image = decode(file, 1);
                assertThat(image).as("%d", value).hasToString(value < 5 ? "16x32x1" : "32x16x1");
                int place = places[value - 1];
                int y = place < 2 ? 2 : image.height() - 3;
                int x = place == 0 || place == 3 ? 2 : image.width() - 3;
                assertThat(image.values()[y * image.width() + x])
                        .as("%d is %s", value, shown[place])
                        .isGreaterThan(0.9f);
                float sum = 0;
                for (int i = 0; i < 512; i++) {
                    sum += image.values()[i];
                }
                assertThat(sum).isBetween(55f, 75f);
            }
        }
    }

    /** The file with an Exif segment of one entry behind its first marker. */
    private static byte[] oriented(byte[] jpeg, int value, boolean little) {
        ByteBuffer segment = ByteBuffer.allocate(4 + 6 + 26);
        segment.putShort((short) 0xFFE1)
                .putShort((short) (2 + 6 + 26))
                .putInt(0x45786966)
                .putShort((short) 0);
        segment.order(little ? java.nio.ByteOrder.LITTLE_ENDIAN : java.nio.ByteOrder.BIG_ENDIAN);
        segment.putShort((short) (little ? 0x4949 : 0x4D4D))
                .putShort((short) 42)
                .putInt(8);
        segment.putShort((short) 1).putShort((short) 0x0112).putShort((short) 3).putInt(1);
        segment.putShort((short) value).putShort((short) 0).putInt(0);
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.write(jpeg, 0, 2);
        whole.writeBytes(segment.array());
        whole.write(jpeg, 2, jpeg.length - 2);
        return whole.toByteArray();
    }

    @Test
    void oneSentenceForEachBrokenFile() throws IOException {
        byte[] png = Files.readAllBytes(write("a/good.png", colour(BufferedImage.TYPE_3BYTE_BGR)));
        byte[] jpeg = Files.readAllBytes(write("a/good.jpg", colour(BufferedImage.TYPE_3BYTE_BGR)));
        byte[] bomb = png.clone();
        ByteBuffer.wrap(bomb).putInt(16, 100_000).putInt(20, 100_000);
        assertBroken("bomb.png", bomb, "has 100000 x 100000 pixels, the limit is 1048576");
        assertBroken("cut.png", Arrays.copyOf(png, png.length / 2), "the picture is broken");
        assertBroken("cut.jpg", Arrays.copyOf(jpeg, jpeg.length - 10), "the picture is truncated");
        assertBroken("header.jpg", Arrays.copyOf(jpeg, 100), "the picture is broken");
        assertBroken("text.png", "no picture".getBytes(), "is no PNG, JPEG, GIF or BMP picture");
        assertBroken("empty.gif", new byte[0], "is no PNG, JPEG, GIF or BMP picture");
        assertBroken("cmyk.jpg", cmyk(), "CMYK");
        Path link = Files.createSymbolicLink(root.resolve("a/link.png"), root.resolve("a/good.png"));
        assertThatThrownBy(() -> decode(link, 3))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("symbolic link");
    }

    @Test
    void whatEditorsAndSystemsLeaveIsNotLookedAt() throws IOException {
        write("a/good.png", colour(BufferedImage.TYPE_3BYTE_BGR));
        Files.write(root.resolve("a/._good.png"), new byte[] {0, 5, 22, 7});
        Files.createDirectories(root.resolve("a/.thumbs"));
        Files.copy(root.resolve("a/good.png"), root.resolve("a/.thumbs/good.png"));
        Files.createDirectories(root.resolve(".ipynb_checkpoints"));
        ImageFolder folder = ImageFolder.open(root);
        assertThat(folder.classNames()).containsExactly("a");
        assertThat(folder.size()).isEqualTo(1);

        Path link = Files.createSymbolicLink(root.resolve("b"), root.resolve("a"));
        assertThatThrownBy(() -> ImageFolder.open(root)).hasMessageContaining("b: the class is a symbolic link");
        Files.delete(link);
        Files.createDirectories(root.resolve("c"));
        Files.write(root.resolve("c/broken.png"), new byte[9]);
        assertThatThrownBy(() -> ImageFolder.open(root, Options.COLOUR.broken(Broken.SKIP)))
                .hasMessageContaining("none of the class's 1 pictures can be decoded");
    }

    private void assertBroken(String name, byte[] bytes, String sentence) throws IOException {
        Path file = Files.write(root.resolve("a").resolve(name), bytes);
        assertThatThrownBy(() -> decode(file, 3))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(sentence)
                .hasMessageNotContaining("\n");
    }

    private static byte[] cmyk() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            Raster four = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 8, 8, 4, null);
            writer.write(new IIOImage(four, null, null));
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private void writeClasses() throws IOException {
        write("dogs/2.png", colour(BufferedImage.TYPE_3BYTE_BGR));
        write("dogs/1.jpg", colour(BufferedImage.TYPE_3BYTE_BGR));
        write("cats/deep/er/3.gif", colour(BufferedImage.TYPE_3BYTE_BGR));
        write("cats/UPPER.PNG", colour(BufferedImage.TYPE_3BYTE_BGR));
        Files.writeString(root.resolve("dogs/notes.txt"), "not a picture");
        Files.writeString(root.resolve("read.me"), "not a class");
    }

    @Test
    void listsClassesAndPicturesInOrder() throws IOException {
        writeClasses();
        ImageFolder folder = ImageFolder.open(root);
        assertThat(folder.classNames()).containsExactly("cats", "dogs");
        assertThat(folder.size()).isEqualTo(4);
        List<String> names = List.of("cats/UPPER.PNG", "cats/deep/er/3.gif", "dogs/1.jpg", "dogs/2.png");
        for (int i = 0; i < 4; i++) {
            assertThat(folder.file(i)).isEqualTo(root.resolve(names.get(i)));
            assertThat(folder.label(i)).isEqualTo(i / 2);
        }
    }

    @Test
    void skipsBrokenFilesOrThrowsAtThem() throws IOException {
        writeClasses();
        Path broken = Files.writeString(root.resolve("cats/broken.png"), "broken");
        ImageFolder skipping = ImageFolder.open(root, Options.COLOUR.broken(Broken.SKIP));
        assertThat(skipping.size()).isEqualTo(4);
        ImageFolder throwing = ImageFolder.open(root);
        assertThat(throwing.size()).isEqualTo(5);
        Dataset set = new ImagePipeline(throwing, 4, 4, Standardization.none(3), Resize.to(4, 4));
        NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 20), false);
        try (BatchStream stream = DataLoader.evaluation(set, 5).open(memory)) {
            assertThatThrownBy(stream::next)
                    .hasMessageContaining("thread failed at Position[epoch=0, batch=0]")
                    .cause()
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining(broken + ": is no PNG, JPEG, GIF or BMP picture");
        }
    }

    @Test
    void refusesFoldersWithoutPictures() throws IOException {
        assertThatThrownBy(() -> ImageFolder.open(root))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("has no folders in it");
        Files.createDirectory(root.resolve("empty"));
        assertThatThrownBy(() -> ImageFolder.open(root))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("the class has no picture");
        Path file = Files.writeString(root.resolve("file"), "");
        assertThatThrownBy(() -> ImageFolder.open(file)).isInstanceOf(NotDirectoryException.class);
        assertThatThrownBy(() -> ImageFolder.open(root.resolve("nowhere"))).hasMessageContaining("does not exist");
        assertThatThrownBy(() -> Options.COLOUR.channels(2)).hasMessageContaining("must be 1 or 3");
    }

    @Test
    void aFolderThatFitsInMemoryIsDecodedOnce() throws IOException {
        writeClasses();
        ImageFolder folder = ImageFolder.open(root);
        ImageDataset set = ImagePipeline.inMemory(folder, HEIGHT, WIDTH, Augment.flip(1));
        assertThat(set.labels()).containsExactly(0, 0, 1, 1);
        assertThat(set.classes()).isEqualTo(2);
        for (int at : new int[] {0, 3 * set.imageBytes()}) {
            for (int i = 0; i < set.imageBytes(); i++) {
                assertThat(set.pixels()[at + i] & 0xFF).isEqualTo(value(i / 3 / WIDTH, i / 3 % WIDTH, i % 3));
            }
        }
        assertThatThrownBy(() -> ImagePipeline.inMemory(folder, 3, 3))
                .hasMessageContaining("UPPER.PNG is 6x10x3 after its transforms, not 3x3x3");
    }

    /** Run by the test below, in a JVM without java.desktop. */
    static final class Opening {
        private Opening() {}

        public static void main(String[] arguments) throws IOException {
            try {
                ImageFolder.open(Path.of(arguments[0]));
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void saysWhatIsMissingWithoutTheModuleThatDecodes() throws Exception {
        writeClasses();
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--limit-modules",
                        "java.base",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Opening.class.getName(),
                        root.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said)
                .startsWith("picture files are decoded by the module java.desktop")
                .contains("--add-modules");
    }

    @Test
    void trainsOnAFolderByManyThreadsAndEvaluatesItAsItIs() throws IOException {
        writeClasses();
        ImageFolder folder = ImageFolder.open(root);
        Dataset raw = new ImagePipeline(folder, 4, 4, Standardization.none(3), Resize.shorter(5), new CenterCrop(4, 4));
        Standardization fitted = Standardization.fit(raw, "images");
        Dataset train =
                new ImagePipeline(folder, 4, 4, fitted, RandomResizedCrop.of(4), Augment.flip(0.5), Augment.rotate(10));
        NativeMemory memory = new NativeMemory(new MemoryBudget(1 << 20), false);
        float[][] batches = new float[12][];
        for (int workers = 1; workers <= 3; workers += 2) {
            DataLoader loader =
                    DataLoader.training(train, 3, 5).workers(workers).prefetch(3);
            try (BatchStream stream = loader.open(memory)) {
                for (int b = 0; b < 12; b++) {
                    float[] images = stream.next().get("images").toArray(ValueLayout.JAVA_FLOAT);
                    if (workers == 1) {
                        batches[b] = images;
                    }
                    assertThat(images).isEqualTo(batches[b]);
                }
            }
        }
        assertThat(batches[0]).isNotEqualTo(batches[2]);
        try (BatchStream first = DataLoader.evaluation(train, 4).open(memory);
                BatchStream second = DataLoader.evaluation(train, 4).open(memory)) {
            first.next();
            assertThat(first.next().get("images").toArray(ValueLayout.JAVA_FLOAT))
                    .isEqualTo(second.next().get("images").toArray(ValueLayout.JAVA_FLOAT));
        }
        assertThat(memory.budget().used()).isZero();
    }
}
