package io.gatun.nn.data.folder;

import io.gatun.nn.data.image.Image;
import io.gatun.nn.io.FormatException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.nio.file.Path;

/**
 * The values of a decoded picture as they are in its file. {@code BufferedImage.getRGB} is not used: it takes grey for
 * linear light and brightens it, and cuts 16 bits down to 8.
 */
final class Rasters {
    private Rasters() {}

    static void copy(Path file, BufferedImage from, int channels, Image to) throws FormatException {
        int width = from.getWidth();
        ColorModel colours = from.getColorModel();
        Raster raster = from.getRaster();
        to.reset(from.getHeight(), width, channels);
        int bands = bands(file, colours, raster);
        float[] scale = new float[bands];
        for (int band = 0; band < bands; band++) {
            scale[band] = 1f / ((1 << colours.getComponentSize(Math.min(band, colours.getNumComponents() - 1))) - 1);
        }
        int[] line = new int[width * raster.getNumBands()];
        float[] pixel = new float[3];
        for (int y = 0; y < from.getHeight(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, line);
            for (int x = 0; x < width; x++) {
                if (colours instanceof IndexColorModel palette) {
                    int rgb = palette.getRGB(line[x]);
                    for (int c = 0; c < 3; c++) {
                        pixel[c] = (rgb >> 16 - 8 * c & 0xFF) / 255f;
                    }
                } else {
                    for (int c = 0; c < 3; c++) {
                        int band = Math.min(c, bands - 1);
                        pixel[c] = line[x * raster.getNumBands() + band] * scale[band];
                    }
                }
                put(pixel, bands == 1 && !(colours instanceof IndexColorModel), to, (y * width + x) * channels);
            }
        }
    }

    /** Values of a pixel without transparency: 1 or 3. */
    private static int bands(Path file, ColorModel colours, Raster raster) throws FormatException {
        if (colours instanceof IndexColorModel) {
            return 1;
        }
        int type = colours.getColorSpace().getType();
        int bands = colours.getNumColorComponents();
        if (type == ColorSpace.TYPE_GRAY && bands == 1
                || type == ColorSpace.TYPE_RGB && bands == 3 && raster.getNumBands() >= 3) {
            return bands;
        }
        throw new FormatException(
                file, 0, "has " + bands + " colour channels (CMYK has 4), neither grey nor RGB; convert it to RGB");
    }

    private static void put(float[] pixel, boolean grey, Image to, int at) {
        if (to.channels() == 3) {
            System.arraycopy(pixel, 0, to.values(), at, 3);
        } else if (grey) {
            to.values()[at] = pixel[0];
        } else {
            to.values()[at] = 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
        }
    }
}
