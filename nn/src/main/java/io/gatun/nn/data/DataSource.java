package io.gatun.nn.data;

import io.gatun.nn.data.folder.FolderImages;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code --data} names: pictures {@code shapes} (the default), {@code cifar10:DIR}, {@code mnist:DIR},
 * {@code cifar100:DIR}; text {@code jdk} (the default), {@code text:FILE}.
 *
 * @param kind which reader
 * @param path its folder or file; null for the sets that need none
 */
public record DataSource(Kind kind, Path path) {
    /** Height and width of a folder's pictures: those of CIFAR, which the small nets are made for. */
    private static final int FOLDER_SIZE = 32;

    /** The known sets. */
    public enum Kind {
        /** {@link ShapesImages}. */
        SHAPES(true, "shapes"),
        /** {@link Cifar10}. */
        CIFAR10(true, "cifar10:DIR"),
        /** {@link Mnist}. */
        MNIST(true, "mnist:DIR"),
        /** {@link Cifar100}, its fine labels. */
        CIFAR100(true, "cifar100:DIR"),
        /** {@link FolderImages}, 32x32 in colour. */
        FOLDER(true, "folder:DIR"),
        /** {@link ClassNames}. */
        JDK(false, "jdk"),
        /** {@link CharText#ofFile}. */
        TEXT(false, "text:FILE");

        private final boolean images;
        private final String usage;

        Kind(boolean images, String usage) {
            this.images = images;
            this.usage = usage;
        }

        private boolean needsPath() {
            return usage.indexOf(':') > 0;
        }

        private String word() {
            return needsPath() ? usage.substring(0, usage.indexOf(':')) : usage;
        }
    }

    /** @throws IllegalArgumentException naming the known picture sets when {@code text} is none of them */
    public static DataSource parseImages(String text) {
        return parse(text, true);
    }

    /** @throws IllegalArgumentException naming the known texts when {@code text} is none of them */
    public static DataSource parseText(String text) {
        return parse(text, false);
    }

    private static DataSource parse(String text, boolean images) {
        int colon = text.indexOf(':');
        String word = colon < 0 ? text : text.substring(0, colon);
        String rest = colon < 0 ? "" : text.substring(colon + 1);
        List<String> known = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            if (kind.images != images) {
                continue;
            }
            known.add(kind.usage);
            if (kind.word().equals(word)) {
                if (kind.needsPath() == rest.isEmpty() || (colon >= 0 && !kind.needsPath())) {
                    throw new IllegalArgumentException("data \"" + text + "\" must be written " + kind.usage);
                }
                return new DataSource(kind, kind.needsPath() ? path(text, rest) : null);
            }
        }
        throw new IllegalArgumentException("unknown " + (images ? "image" : "text") + " data \"" + text
                + "\": known are " + String.join(", ", known));
    }

    private static Path path(String text, String rest) {
        try {
            return Path.of(rest);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("data \"" + text + "\" names no path: " + e.getReason(), e);
        }
    }

    /**
     * Loads a picture set.
     *
     * @param seed of the rendered set, and of the split of a folder that has no train and test; other files do not depend on it
     */
    public ImageData loadImages(long seed) throws IOException {
        return switch (kind) {
            case SHAPES -> ShapesImages.load(seed);
            case CIFAR10 -> Cifar10.load(path);
            case MNIST -> Mnist.load(path);
            case CIFAR100 -> Cifar100.load(path, Cifar100.Labels.FINE);
            case FOLDER -> FolderImages.load(path, FOLDER_SIZE, seed);
            case JDK, TEXT -> throw new IllegalStateException(this + " is text, not images");
        };
    }

    /**
     * Loads a text.
     *
     * @param seed of the split of names; files are split at nine tenths whatever the seed
     */
    public CharText loadText(long seed) throws IOException {
        return switch (kind) {
            case JDK -> CharText.ofRunningJdk(seed);
            case TEXT -> CharText.ofFile(path);
            case SHAPES, CIFAR10, CIFAR100, MNIST, FOLDER ->
                throw new IllegalStateException(this + " are images, not text");
        };
    }

    /** As {@code --data} would say it. */
    @Override
    public String toString() {
        return path == null ? kind.word() : kind.word() + ":" + path;
    }
}
