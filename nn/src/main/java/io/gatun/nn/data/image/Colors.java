package io.gatun.nn.data.image;

/** Changes of colour, by the definitions of torchvision's {@code transforms.functional} on float tensors. */
final class Colors {
    private Colors() {}

    /** clamp(f·x, 0, 1). */
    static void brightness(Image image, float factor) {
        float[] values = image.values();
        int count = count(image);
        for (int i = 0; i < count; i++) {
            values[i] = blend(values[i], 0, factor);
        }
    }

    /** clamp(f·x + (1 - f)·mean of the grey picture, 0, 1). */
    static void contrast(Image image, float factor) {
        float[] values = image.values();
        int channels = image.channels();
        int count = count(image);
        double sum = 0;
        for (int i = 0; i < count; i += channels) {
            sum += channels == 3 ? grey(values, i) : values[i];
        }
        float mean = (float) (sum / (count / channels));
        for (int i = 0; i < count; i++) {
            values[i] = blend(values[i], mean, factor);
        }
    }

    /** clamp(f·x + (1 - f)·grey, 0, 1). */
    static void saturation(Image image, float factor) {
        if (image.channels() != 3) {
            return;
        }
        float[] values = image.values();
        int count = count(image);
        for (int i = 0; i < count; i += 3) {
            float grey = grey(values, i);
            for (int c = 0; c < 3; c++) {
                values[i + c] = blend(values[i + c], grey, factor);
            }
        }
    }

    /** Turns the hue by {@code turn} of a circle, through HSV. */
    static void hue(Image image, float turn) {
        if (image.channels() != 3) {
            return;
        }
        float[] values = image.values();
        int count = count(image);
        for (int i = 0; i < count; i += 3) {
            turn(values, i, turn);
        }
    }

    private static int count(Image image) {
        return image.height() * image.width() * image.channels();
    }

    private static float blend(float value, float other, float factor) {
        return Math.clamp(factor * value + (1 - factor) * other, 0f, 1f);
    }

    /** torchvision's rounded ITU-R 601 weights. */
    private static float grey(float[] values, int at) {
        return 0.2989f * values[at] + 0.587f * values[at + 1] + 0.114f * values[at + 2];
    }

    private static void turn(float[] values, int at, float turn) {
        float r = values[at];
        float g = values[at + 1];
        float b = values[at + 2];
        float high = Math.max(r, Math.max(g, b));
        float low = Math.min(r, Math.min(g, b));
        float range = high - low;
        if (range == 0) {
            return;
        }
        float fromRed = (high - r) / range;
        float fromGreen = (high - g) / range;
        float fromBlue = (high - b) / range;
        float sextant = high == r ? fromBlue - fromGreen : high == g ? 2 + fromRed - fromBlue : 4 + fromGreen - fromRed;
        float hue = (sextant / 6 + 1) % 1 + turn;
        hue -= (float) Math.floor(hue);
        set(values, at, hue * 6, range / high, high);
    }

    private static void set(float[] values, int at, float sextant, float saturation, float value) {
        int whole = (int) Math.floor(sextant);
        float part = sextant - whole;
        float p = Math.clamp(value * (1 - saturation), 0f, 1f);
        float q = Math.clamp(value * (1 - saturation * part), 0f, 1f);
        float t = Math.clamp(value * (1 - saturation * (1 - part)), 0f, 1f);
        switch (whole % 6) {
            case 0 -> rgb(values, at, value, t, p);
            case 1 -> rgb(values, at, q, value, p);
            case 2 -> rgb(values, at, p, value, t);
            case 3 -> rgb(values, at, p, q, value);
            case 4 -> rgb(values, at, t, p, value);
            default -> rgb(values, at, value, p, q);
        }
    }

    private static void rgb(float[] values, int at, float r, float g, float b) {
        values[at] = r;
        values[at + 1] = g;
        values[at + 2] = b;
    }
}
