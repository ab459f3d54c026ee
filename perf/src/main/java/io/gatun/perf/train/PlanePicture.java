package io.gatun.perf.train;

import io.gatun.autograd.Tape;
import io.gatun.kernel.Shape;
import io.gatun.nn.Module;
import java.util.Map;

/** What a net of two inputs and two logits says of each place of the plane, blue for the first class to orange for the second. */
final class PlanePicture {
    /** Rows and columns, and how much of the plane they show each way from the middle. */
    private static final int SIZE = 128;

    private static final float REACH = 1.1f;

    private PlanePicture() {}

    /** For a report: the probability of the second class everywhere, and darker the points of each. */
    static Map<String, Object> of(Module net, Tape tape, float[][] points, int[] classes) {
        float[] grid = new float[SIZE * SIZE * 2];
        for (int i = 0; i < SIZE * SIZE; i++) {
            grid[2 * i] = place(i % SIZE);
            grid[2 * i + 1] = -place(i / SIZE);
        }
        byte[] pixels = new byte[SIZE * SIZE * 3];
        net.eval();
        try (var _ = tape.noGrad()) {
            tape.reset(tape.step());
            float[] logits =
                    net.call(tape.tensor(Shape.of(SIZE * SIZE, 2), grid)).toArray();
            for (int i = 0; i < SIZE * SIZE; i++) {
                paint(pixels, i, 1 / (1 + Math.exp(logits[2 * i] - logits[2 * i + 1])), 120);
            }
        } finally {
            net.train();
        }
        for (int i = 0; i < points.length; i++) {
            int x = pixel(points[i][0]);
            int y = pixel(-points[i][1]);
            paint(pixels, y * SIZE + x, classes[i], 0);
        }
        String caption = "Blue or orange: what the net says of each place; darker: the test points";
        return Pictures.forReport(caption, pixels, SIZE, SIZE, 3);
    }

    private static float place(int pixel) {
        return REACH * (2f * pixel / (SIZE - 1) - 1);
    }

    private static int pixel(float place) {
        return Math.clamp(Math.round((place / REACH + 1) / 2 * (SIZE - 1)), 0, SIZE - 1);
    }

    /** From blue for 0 to orange for 1, so much lighter. */
    private static void paint(byte[] pixels, int at, double share, int light) {
        pixels[3 * at] = (byte) (light + share * (255 - light));
        pixels[3 * at + 1] = (byte) (light + 90 * (1 - light / 255.0));
        pixels[3 * at + 2] = (byte) (light + (1 - share) * (255 - light));
    }
}
