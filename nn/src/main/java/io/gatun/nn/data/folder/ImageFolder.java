package io.gatun.nn.data.folder;

import io.gatun.nn.data.image.Image;
import io.gatun.nn.data.image.ImageSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A folder with one folder for each class, in which the class's pictures are, at any depth: PNG, JPEG, GIF (its first
 * frame) and BMP, by the ending of their names. Classes are numbered in the order of their folders' names and pictures in
 * the order of their paths, as in torchvision's {@code ImageFolder}. Files of other names are not looked at, nor
 * those and folders whose names begin with a dot, which editors and operating systems leave. Links are not followed.
 *
 * <p>A picture is decoded when it is asked for. Transparency is dropped, palettes are resolved, 16-bit values keep their
 * precision, a JPEG's orientation tag is followed. Grey becomes colour by copying, colour becomes grey as Pillow does it
 * (0.299 R + 0.587 G + 0.114 B). CMYK is refused.
 */
public final class ImageFolder implements ImageSource {
    /** Deep enough for any real folder, and an end for one that contains itself. */
    private static final int MAX_DEPTH = 16;

    private static final List<String> ENDINGS = List.of(".png", ".jpg", ".jpeg", ".gif", ".bmp");
    private static final System.Logger LOG = System.getLogger(ImageFolder.class.getName());

    /** What to do about a file that cannot be decoded. */
    public enum Broken {
        /** Throw when it is loaded, naming it. */
        THROW,
        /** Decode every file when the folder is opened, and leave those out that fail, with a warning for each. */
        SKIP
    }

    /**
     * How to read a folder.
     *
     * @param channels of every picture: 1 for grey, 3 for colour
     * @param maxPixels a file of more is broken: decoding one takes up to 32 bytes of heap a pixel
     * @param broken what to do about a file that cannot be decoded
     */
    public record Options(int channels, int maxPixels, Broken broken) {
        /** Colour, up to 32 million pixels, broken files throw. */
        public static final Options COLOUR = new Options(3, 32_000_000, Broken.THROW);

        /** @throws IllegalArgumentException when there are not 1 or 3 channels or no pixel is allowed */
        public Options {
            if (channels != 1 && channels != 3 || maxPixels < 1) {
                throw new IllegalArgumentException("an image folder with " + channels + " channels and at most "
                        + maxPixels + " pixels: channels must be 1 or 3, pixels at least 1");
            }
        }

        /** As this, with that many channels. */
        public Options channels(int value) {
            return new Options(value, maxPixels, broken);
        }

        /** As this, with that policy. */
        public Options broken(Broken value) {
            return new Options(channels, maxPixels, value);
        }
    }

    private final List<String> classNames = new ArrayList<>();
    private final List<Path> files = new ArrayList<>();
    private final List<Integer> labels = new ArrayList<>();
    private final ImageFile decoder;
    private final int channels;

    private ImageFolder(Options options) {
        // Before ImageFile is loaded: the verifier would miss the module's classes without saying why.
        if (ModuleLayer.boot().findModule("java.desktop").isEmpty()) {
            throw new IllegalStateException("picture files are decoded by the module java.desktop, which this JVM runs"
                    + " without; add --add-modules java.desktop, or put it into the run-time image");
        }
        channels = options.channels;
        decoder = new ImageFile(options.channels, options.maxPixels);
    }

    /** As {@link #open(Path, Options)}, {@link Options#COLOUR}. */
    public static ImageFolder open(Path root) throws IOException {
        return open(root, Options.COLOUR);
    }

    /**
     * Lists the pictures of a folder.
     *
     * @throws NoSuchFileException when the folder or a class's pictures are not there
     * @throws NotDirectoryException when {@code root} is a file
     * @throws IllegalStateException when this JVM has no {@code java.desktop}
     */
    public static ImageFolder open(Path root, Options options) throws IOException {
        if (!Files.exists(root)) {
            throw new NoSuchFileException(root.toString(), null, "the image folder does not exist");
        }
        if (!Files.isDirectory(root)) {
            throw new NotDirectoryException(root + ": is a file, but an image folder has a folder for each class");
        }
        ImageFolder folder = new ImageFolder(options);
        try (Stream<Path> inside = Files.list(root)) {
            for (Path classFolder : inside.filter(ImageFolder::isClass).sorted().toList()) {
                folder.add(classFolder, options.broken);
            }
        }
        if (folder.classNames.isEmpty()) {
            throw new NoSuchFileException(
                    root.toString(), null, "the image folder has no folders in it; make one for each class");
        }
        return folder;
    }

    private static boolean isClass(Path path) {
        return Files.isDirectory(path) && !isHidden(path);
    }

    /** Such as {@code .ipynb_checkpoints}, and {@code ._1.png}, which is no picture: macOS keeps a file's attributes so. */
    private static boolean isHidden(Path path) {
        return path.getFileName().toString().startsWith(".");
    }

    private void add(Path classFolder, Broken broken) throws IOException {
        if (Files.isSymbolicLink(classFolder)) {
            throw new NotDirectoryException(classFolder
                    + ": the class is a symbolic link, where a folder is required; copy it, or mount it there");
        }
        int label = classNames.size();
        classNames.add(classFolder.getFileName().toString());
        int before = files.size();
        Image image = new Image();
        List<Path> pictures;
        try (Stream<Path> inside = Files.walk(classFolder, MAX_DEPTH)) {
            pictures = inside.filter(path -> isPicture(classFolder.relativize(path)) && !Files.isDirectory(path))
                    .sorted()
                    .toList();
        }
        for (Path file : pictures) {
            if (broken == Broken.THROW || decodes(file, image)) {
                files.add(file);
                labels.add(label);
            }
        }
        if (files.size() == before) {
            throw new NoSuchFileException(
                    classFolder.toString(),
                    null,
                    pictures.isEmpty()
                            ? "the class has no picture that ends in " + String.join(", ", ENDINGS)
                            : "none of the class's " + pictures.size() + " pictures can be decoded");
        }
    }

    /** Of a path within its class. */
    private static boolean isPicture(Path path) {
        for (Path name : path) {
            if (isHidden(name)) {
                return false;
            }
        }
        String name = path.toString().toLowerCase(Locale.ROOT);
        return ENDINGS.stream().anyMatch(name::endsWith);
    }

    private boolean decodes(Path file, Image image) {
        try {
            decoder.decode(file, image);
            return true;
        } catch (IOException e) {
            LOG.log(Level.WARNING, "left out: " + e.getMessage());
            return false;
        }
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public int label(int sample) {
        return labels.get(sample);
    }

    @Override
    public List<String> classNames() {
        return List.copyOf(classNames);
    }

    @Override
    public int channels() {
        return channels;
    }

    /** The file of a picture. */
    public Path file(int sample) {
        return files.get(sample);
    }

    @Override
    public String name(int sample) {
        return files.get(sample).toString();
    }

    @Override
    public void load(int sample, Image image) {
        try {
            decoder.decode(files.get(sample), image);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }
}
