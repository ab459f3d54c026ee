package io.gatun.nn.data.folder;

import io.gatun.nn.data.image.Image;
import io.gatun.nn.io.FormatException;
import io.gatun.nn.io.InputFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes one picture file. The file is read whole (64 MiB at most) and its size in pixels is looked at before any are
 * decoded, so memory is bounded whatever the file says. Thread-safe.
 */
final class ImageFile {
    private static final int MAX_BYTES = 64 << 20;
    private static final List<String> FORMATS = List.of("png", "jpeg", "gif", "bmp");

    private final int channels;
    private final int maxPixels;

    ImageFile(int channels, int maxPixels) {
        this.channels = channels;
        this.maxPixels = maxPixels;
    }

    /** Makes {@code image} the picture of the file. */
    void decode(Path file, Image image) throws IOException {
        byte[] bytes = read(file);
        BufferedImage decoded = decode(file, bytes);
        Rasters.copy(file, decoded, channels, image);
        Orientation.of(bytes).apply(image);
    }

    private static byte[] read(Path file) throws IOException {
        try (FileChannel channel = InputFile.open(file)) {
            if (channel.size() > MAX_BYTES) {
                throw new FormatException(file, MAX_BYTES, "the picture is larger than the limit of 64 MiB");
            }
            byte[] bytes = new byte[(int) channel.size()];
            InputFile.readFully(channel, ByteBuffer.wrap(bytes), 0, file);
            return bytes;
        }
    }

    private BufferedImage decode(Path file, byte[] bytes) throws IOException {
        // In memory: ImageIO's own choice would be a file in the temporary folder for each picture.
        try (ImageInputStream stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
            if (!readers.hasNext()) {
                throw new FormatException(file, 0, "is no PNG, JPEG, GIF or BMP picture");
            }
            ImageReader reader = readers.next();
            try {
                return decode(file, reader, stream);
            } catch (FormatException e) {
                throw e;
            } catch (IOException | RuntimeException e) {
                // The JDK's readers meet broken files with exceptions of any kind, IndexOutOfBounds among them.
                throw new FormatException(
                        file,
                        stream.getStreamPosition(),
                        "the picture is broken, or of a kind that the JDK cannot decode (CMYK is one): " + e,
                        e);
            } finally {
                reader.dispose();
            }
        }
    }

    private BufferedImage decode(Path file, ImageReader reader, ImageInputStream stream) throws IOException {
        String format = reader.getFormatName().toLowerCase(Locale.ROOT);
        if (!FORMATS.contains(format)) {
            throw new FormatException(file, 0, "is a " + format + " picture; PNG, JPEG, GIF and BMP can be read");
        }
        // Without metadata: a PNG's compressed texts could be of any size.
        reader.setInput(stream, true, true);
        long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
        if (pixels > maxPixels) {
            throw new FormatException(
                    file,
                    0,
                    "has " + reader.getWidth(0) + " x " + reader.getHeight(0) + " pixels, the limit is " + maxPixels);
        }
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((_, warning) -> warnings.add(warning));
        BufferedImage image = reader.read(0);
        // The JPEG reader fills up with grey what a cut-off file lacks, and says so in a warning alone.
        if (warnings.stream().anyMatch(text -> text.contains("premature end") || text.contains("Truncated File"))) {
            throw new FormatException(file, stream.getStreamPosition(), "the picture is truncated");
        }
        return image;
    }
}
