package io.gatun.nn.data.image;

import io.gatun.nn.data.ImageDataset;
import java.util.List;

/** Labelled pictures of any size, decoded when asked for. Immutable and thread-safe. */
public interface ImageSource {
    /** N, the number of pictures. */
    int size();

    /** The class of a picture, from 0. */
    int label(int sample);

    /** The classes' names; the number of a class is its place. */
    List<String> classNames();

    /** C, of every picture: 1 for grey, 3 for red, green, blue. */
    int channels();

    /**
     * Decodes a picture, values 0 to 1.
     *
     * @param image is made that picture
     * @throws java.io.UncheckedIOException when its file cannot be read; the sentence names it
     */
    void load(int sample, Image image);

    /** What a picture is called in messages. */
    default String name(int sample) {
        return "image " + sample;
    }

    /** The images of a byte set; classes are named by their number. */
    static ImageSource of(ImageDataset set) {
        return new ByteImages(set);
    }
}
