package io.gatun.nn.data;

/**
 * Paints one picture: a textured ground, clutter, the figure with its own texture, a little clutter over it, noise.
 * Coverage of a pixel is {@code clamp(1/2 - d, 0, 1)} with d the distance of its centre to the outline in pixels. Only
 * + - * /, square root and StrictMath are used, so the bytes are the same on every machine. Not thread-safe: one
 * renderer for each thread, each picture depending on its random stream alone.
 */
final class ShapeRenderer {
    private static final int SIZE = ShapesImages.SIZE;
    private static final int CHANNELS = 3;

    /** A figure leans at most this far, in radians, and its centre leaves the picture's by at most this, in pixels. */
    private static final double LEAN = 0.42;

    private static final double WANDER = 4;

    /** Share of figures brighter than their ground. At one half a linear model learns nothing at all. */
    private static final double BRIGHT_FIGURES = 0.8;

    private final float[] canvas = new float[SIZE * SIZE * CHANNELS];
    private final Texture ground = new Texture();
    private final Texture fill = new Texture();

    /** Paints {@code outline} into bytes [at, at + 3,072) of {@code pixels}, NHWC. */
    void render(ShapeOutline outline, SplitMix random, byte[] pixels, int at) {
        ground.choose(random, null);
        fill.choose(random, ground);
        if (fill.luminance() > ground.luminance() != random.unit() < BRIGHT_FIGURES) {
            fill.swapColours(ground);
        }
        for (int y = 0; y < SIZE; y++) {
            for (int x = 0; x < SIZE; x++) {
                blend(x, y, ground, 1);
            }
        }
        for (int n = random.below(4); n > 0; n--) {
            clutter(random);
        }
        figure(outline, random);
        for (int n = random.below(2); n > 0; n--) {
            clutter(random);
        }
        noise(random, pixels, at);
    }

    private void figure(ShapeOutline outline, SplitMix random) {
        double radius = random.between(9, 13.5);
        double away = Math.min(SIZE / 2.0 - 0.85 * radius, WANDER);
        double cx = SIZE / 2.0 + random.between(-away, away);
        double cy = SIZE / 2.0 + random.between(-away, away);
        double angle = random.between(-LEAN, LEAN);
        double stretch = random.between(0.87, 1.15);
        double cos = StrictMath.cos(angle) / radius;
        double sin = StrictMath.sin(angle) / radius;
        for (int y = 0; y < SIZE; y++) {
            for (int x = 0; x < SIZE; x++) {
                double dx = x + 0.5 - cx;
                double dy = cy - y - 0.5;
                double u = (cos * dx + sin * dy) * stretch;
                double v = (cos * dy - sin * dx) / stretch;
                if (u * u + v * v < 2.25) {
                    double cover = 0.5 - outline.distance(u, v) * radius;
                    if (cover > 0) {
                        blend(x, y, fill, Math.min(cover, 1));
                    }
                }
            }
        }
    }

    /** A line or a blob of any colour; over the figure it hides at most a stroke of it. */
    private void clutter(SplitMix random) {
        boolean line = random.unit() < 0.6;
        double half = line ? random.between(0.4, 1.0) : random.between(1.0, 2.4);
        double ax = random.between(-2, SIZE + 2);
        double ay = random.between(-2, SIZE + 2);
        double angle = random.between(0, 2 * Math.PI);
        double length = line ? random.between(6, 22) : 0;
        double ex = length * StrictMath.cos(angle);
        double ey = length * StrictMath.sin(angle);
        float r = (float) random.between(0, 255);
        float g = (float) random.between(0, 255);
        float b = (float) random.between(0, 255);
        for (int y = 0; y < SIZE; y++) {
            for (int x = 0; x < SIZE; x++) {
                double wx = x + 0.5 - ax;
                double wy = y + 0.5 - ay;
                double t = line ? Math.min(Math.max((wx * ex + wy * ey) / (length * length), 0), 1) : 0;
                double dx = wx - ex * t;
                double dy = wy - ey * t;
                double cover = 0.5 + half - Math.sqrt(dx * dx + dy * dy);
                if (cover > 0) {
                    mix((y * SIZE + x) * CHANNELS, r, g, b, (float) Math.min(cover, 1));
                }
            }
        }
    }

    /** Sum of four bytes of one draw, centred: close to a normal of deviation 148, scaled to {@code sigma}. */
    private void noise(SplitMix random, byte[] pixels, int at) {
        float scale = (float) (random.between(3, 14) / 147.8);
        for (int i = 0; i < canvas.length; i += 2) {
            long bits = random.nextLong();
            pixels[at + i] = toByte(canvas[i] + scale * centred((int) bits));
            pixels[at + i + 1] = toByte(canvas[i + 1] + scale * centred((int) (bits >>> 32)));
        }
    }

    private static float centred(int bits) {
        return (bits & 0xFF) + (bits >>> 8 & 0xFF) + (bits >>> 16 & 0xFF) + (bits >>> 24) - 510;
    }

    private static byte toByte(float value) {
        return (byte) (int) Math.min(Math.max(value + 0.5f, 0), 255);
    }

    private void blend(int x, int y, Texture texture, double cover) {
        float t = texture.at(x, y);
        float[] first = texture.first;
        float[] second = texture.second;
        mix(
                (y * SIZE + x) * CHANNELS,
                first[0] + t * (second[0] - first[0]),
                first[1] + t * (second[1] - first[1]),
                first[2] + t * (second[2] - first[2]),
                (float) cover);
    }

    private void mix(int i, float r, float g, float b, float cover) {
        canvas[i] += cover * (r - canvas[i]);
        canvas[i + 1] += cover * (g - canvas[i + 1]);
        canvas[i + 2] += cover * (b - canvas[i + 2]);
    }

    /** Two near colours and how they alternate: plain, gradient, stripes, checks or blotches. */
    private static final class Texture {
        private static final int KINDS = 5;
        private static final double SPREAD = 24;
        private static final double CONTRAST = 122;

        private final float[] first = new float[CHANNELS];
        private final float[] second = new float[CHANNELS];
        private int kind;
        private double alongX;
        private double alongY;
        private double phase;
        private long blotches;

        /** Draws colours until every pair of them is {@code CONTRAST} away from those of {@code other}. */
        void choose(SplitMix random, Texture other) {
            do {
                for (int c = 0; c < CHANNELS; c++) {
                    double colour = random.between(10, 245);
                    double spread = random.between(-SPREAD, SPREAD);
                    first[c] = (float) (colour - spread);
                    second[c] = (float) (colour + spread);
                }
            } while (other != null && !contrasts(other));
            kind = random.below(KINDS);
            double period = kind == 1 ? 2.0 * SIZE : random.between(3.5, 9);
            double angle = random.between(0, 2 * Math.PI);
            alongX = StrictMath.cos(angle) / period;
            alongY = StrictMath.sin(angle) / period;
            phase = random.unit();
            blotches = random.nextLong();
        }

        float luminance() {
            float sum = 0;
            for (int c = 0; c < CHANNELS; c++) {
                sum += first[c] + second[c];
            }
            return sum;
        }

        void swapColours(Texture other) {
            for (int c = 0; c < CHANNELS; c++) {
                float held = first[c];
                first[c] = other.first[c];
                other.first[c] = held;
                held = second[c];
                second[c] = other.second[c];
                other.second[c] = held;
            }
        }

        private boolean contrasts(Texture other) {
            return apart(first, other.first)
                    && apart(first, other.second)
                    && apart(second, other.first)
                    && apart(second, other.second);
        }

        private static boolean apart(float[] a, float[] b) {
            float sum = 0;
            for (int c = 0; c < CHANNELS; c++) {
                sum += (a[c] - b[c]) * (a[c] - b[c]);
            }
            return sum > CONTRAST * CONTRAST;
        }

        /** Share of the second colour at a pixel, in [0, 1]. */
        float at(int x, int y) {
            double u = alongX * x + alongY * y + phase;
            double v = alongX * y - alongY * x + phase;
            return switch (kind) {
                case 0 -> 0;
                case 1, 2 -> (float) wave(u);
                case 3 -> (wave(u) > 0.5) == (wave(v) > 0.5) ? 1 : 0;
                default -> (blotches >>> ((x / 4) + 8 * (y / 4)) & 1);
            };
        }

        /** A triangle wave of period 1 between 0 and 1: no sine, so no platform's polynomial. */
        private static double wave(double u) {
            return Math.abs(2 * (u - Math.floor(u)) - 1);
        }
    }
}
