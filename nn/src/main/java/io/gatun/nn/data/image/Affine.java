package io.gatun.nn.data.image;

/**
 * Where each pixel of a result comes from: pixel (x, y), counted from the centre of the picture, is read at
 * (xx·x + xy·y + dx, yx·x + yy·y + dy), counted likewise.
 */
record Affine(double xx, double xy, double dx, double yx, double yy, double dy) {
    static final Affine IDENTITY = new Affine(1, 0, 0, 0, 1, 0);

    /**
     * The inverse of: shear along x, rotate by {@code degrees} (clockwise on the screen), scale, shift. As torchvision's
     * {@code affine} with its centre in the middle.
     */
    static Affine of(double degrees, double shiftX, double shiftY, double scale, double shearDegrees) {
        double angle = StrictMath.toRadians(degrees);
        double tangent = StrictMath.tan(StrictMath.toRadians(shearDegrees));
        double cos = StrictMath.cos(angle);
        double sin = StrictMath.sin(angle);
        // Forward is R(angle)·[[1, -tan], [0, 1]], whose determinant is 1.
        double a = cos;
        double b = -cos * tangent - sin;
        double c = sin;
        double d = -sin * tangent + cos;
        double xx = d / scale;
        double xy = -b / scale;
        double yx = -c / scale;
        double yy = a / scale;
        return new Affine(xx, xy, -xx * shiftX - xy * shiftY, yx, yy, -yx * shiftX - yy * shiftY);
    }

    /** This one first, then {@code next} on its result. */
    Affine then(Affine next) {
        return new Affine(
                xx * next.xx + xy * next.yx,
                xx * next.xy + xy * next.yy,
                xx * next.dx + xy * next.dy + dx,
                yx * next.xx + yy * next.yx,
                yx * next.xy + yy * next.yy,
                yx * next.dx + yy * next.dy + dy);
    }

    /** Resamples a picture: bilinear between pixel centres, as {@code grid_sample(align_corners=False)}. */
    void resample(Image image, Border border) {
        if (equals(IDENTITY)) {
            return;
        }
        int height = image.height();
        int width = image.width();
        int channels = image.channels();
        float[] src = image.values();
        float[] dst = image.target(height, width);
        double middleX = (width - 1) / 2.0;
        double middleY = (height - 1) / 2.0;
        int at = 0;
        for (int y = 0; y < height; y++) {
            double fromX = xy * (y - middleY) + dx + middleX;
            double fromY = yy * (y - middleY) + dy + middleY;
            for (int x = 0; x < width; x++) {
                double column = fromX + xx * (x - middleX);
                double row = fromY + yx * (x - middleX);
                if (border == Border.EDGE) {
                    column = Math.clamp(column, 0, width - 1);
                    row = Math.clamp(row, 0, height - 1);
                }
                if (column > -1 && column < width && row > -1 && row < height) {
                    pixel(src, height, width, channels, row, column, dst, at);
                } else {
                    for (int c = 0; c < channels; c++) {
                        dst[at + c] = 0;
                    }
                }
                at += channels;
            }
        }
        image.swap(height, width);
    }

    private static void pixel(
            float[] src, int height, int width, int channels, double row, double column, float[] dst, int at) {
        int top = (int) Math.floor(row);
        int left = (int) Math.floor(column);
        float down = (float) (row - top);
        float right = (float) (column - left);
        float upperLeft = top >= 0 && left >= 0 ? (1 - down) * (1 - right) : 0;
        float upperRight = top >= 0 && left + 1 < width ? (1 - down) * right : 0;
        float lowerLeft = top + 1 < height && left >= 0 ? down * (1 - right) : 0;
        float lowerRight = top + 1 < height && left + 1 < width ? down * right : 0;
        int upper = Math.max(top, 0) * width;
        int lower = Math.min(top + 1, height - 1) * width;
        int near = Math.max(left, 0);
        int far = Math.min(left + 1, width - 1);
        for (int c = 0; c < channels; c++) {
            dst[at + c] = upperLeft * src[(upper + near) * channels + c]
                    + upperRight * src[(upper + far) * channels + c]
                    + lowerLeft * src[(lower + near) * channels + c]
                    + lowerRight * src[(lower + far) * channels + c];
        }
    }
}
