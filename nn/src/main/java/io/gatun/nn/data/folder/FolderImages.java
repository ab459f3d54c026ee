package io.gatun.nn.data.folder;

import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.data.image.CenterCrop;
import io.gatun.nn.data.image.ImagePipeline;
import io.gatun.nn.data.image.Resize;
import io.gatun.nn.data.sample.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * Pictures of a folder as a training and a test set in memory, square and in colour: the shorter side is resized, the middle
 * cut out. The folder has {@code train/CLASS} and {@code test/CLASS}, or the classes themselves, of which a fifth of each is
 * then the test set.
 */
public final class FolderImages {
    private static final String TRAIN = "train";
    private static final String TEST = "test";
    private static final double TEST_SHARE = 0.2;

    private FolderImages() {}

    /**
     * Decodes all pictures.
     *
     * @param size height and width of every picture, at least 1
     * @param seed of the split, where the folder is not split
     * @throws NoSuchFileException when the folder, the test set or a class's pictures are not there
     * @throws IllegalArgumentException when train and test have other classes, or a class is too small to split
     */
    public static ImageData load(Path root, int size, long seed) throws IOException {
        if (Files.isDirectory(root.resolve(TRAIN))) {
            if (!Files.isDirectory(root.resolve(TEST))) {
                throw new NoSuchFileException(
                        root.resolve(TEST).toString(),
                        null,
                        "the image folder has train and no test; make one with the same classes, or put the classes"
                                + " into " + root + " itself to have them split");
            }
            return parts(root, size);
        }
        ImageFolder folder = ImageFolder.open(root);
        ImageDataset all = square(folder, size);
        Split split;
        try {
            split = Split.stratified(all.labels(), TEST_SHARE, seed);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(root + " cannot be split: " + e.getMessage(), e);
        }
        return ImageData.of("folder", all.select(split.train()), all.select(split.test()), folder.classNames());
    }

    private static ImageData parts(Path root, int size) throws IOException {
        ImageFolder train = ImageFolder.open(root.resolve(TRAIN));
        ImageFolder test = ImageFolder.open(root.resolve(TEST));
        List<String> classes = train.classNames();
        if (!classes.equals(test.classNames())) {
            throw new IllegalArgumentException(root + ": train has the classes " + classes + " and test has "
                    + test.classNames() + "; both need the same folders");
        }
        return ImageData.of("folder", square(train, size), square(test, size), classes);
    }

    private static ImageDataset square(ImageFolder folder, int size) {
        return ImagePipeline.inMemory(folder, size, size, Resize.shorter(size), new CenterCrop(size, size));
    }
}
