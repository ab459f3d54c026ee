package io.gatun.nn.metric;

/**
 * A rectangle with its sides along the axes, in any unit; {@code right} and {@code bottom} lie outside, so a pixel at
 * (x, y) is {@code (x, y, x + 1, y + 1)}.
 */
public record Box(double left, double top, double right, double bottom) {
    /** @throws IllegalArgumentException if a side is negative or no number */
    public Box {
        if (!(right >= left) || !(bottom >= top)) {
            throw new IllegalArgumentException("box (" + left + ", " + top + ", " + right + ", " + bottom
                    + ") ends before it begins; give left, top, right, bottom");
        }
    }

    /** Width times height, at least 0. */
    public double area() {
        return (right - left) * (bottom - top);
    }

    /** Intersection over union, 0 to 1; 0 for two boxes without area. */
    public double iou(Box other) {
        double width = Math.min(right, other.right) - Math.max(left, other.left);
        double height = Math.min(bottom, other.bottom) - Math.max(top, other.top);
        if (width <= 0 || height <= 0) {
            return 0;
        }
        double shared = width * height;
        return shared / (area() + other.area() - shared);
    }
}
