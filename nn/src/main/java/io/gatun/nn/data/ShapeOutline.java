package io.gatun.nn.data;

import java.util.Locale;

/**
 * The ten figures as signed distances: negative inside, in units of the figure's radius, y upwards. Polygons are exact;
 * unions and differences are exact at the outline, which is all that antialiasing over one pixel needs.
 */
enum ShapeOutline {
    CIRCLE {
        @Override
        double distance(double x, double y) {
            return Math.sqrt(x * x + y * y) - 0.88;
        }
    },
    SQUARE {
        @Override
        double distance(double x, double y) {
            double dx = Math.abs(x) - 0.76;
            double dy = Math.abs(y) - 0.76;
            return outsideOrInside(dx, dy);
        }
    },
    TRIANGLE {
        @Override
        double distance(double x, double y) {
            return polygon(TRIANGLE_CORNERS, x, y);
        }
    },
    STAR {
        @Override
        double distance(double x, double y) {
            return polygon(STAR_CORNERS, x, y);
        }
    },
    CROSS {
        @Override
        double distance(double x, double y) {
            double ax = Math.abs(x);
            double ay = Math.abs(y);
            return Math.min(outsideOrInside(ax - 0.98, ay - 0.3), outsideOrInside(ax - 0.3, ay - 0.98));
        }
    },
    RING {
        @Override
        double distance(double x, double y) {
            return Math.abs(Math.sqrt(x * x + y * y) - 0.74) - 0.22;
        }
    },
    HOURGLASS {
        @Override
        double distance(double x, double y) {
            return polygon(HOURGLASS_CORNERS, x, y);
        }
    },
    CRESCENT {
        @Override
        double distance(double x, double y) {
            double disc = Math.sqrt(x * x + y * y) - 0.95;
            double bite = Math.sqrt((x - 0.5) * (x - 0.5) + y * y) - 0.75;
            return Math.max(disc, -bite);
        }
    },
    ARROW {
        @Override
        double distance(double x, double y) {
            return polygon(ARROW_CORNERS, x, y);
        }
    },
    HEART {
        // A square on its corner and a disc on each of its upper sides.
        @Override
        double distance(double x, double y) {
            double u = (x + y + 0.1) * HALF_ROOT;
            double v = (y + 0.1 - x) * HALF_ROOT;
            double square = outsideOrInside(Math.abs(u) - 0.56, Math.abs(v) - 0.56);
            double right = Math.sqrt((u - 0.56) * (u - 0.56) + v * v) - 0.56;
            double left = Math.sqrt(u * u + (v - 0.56) * (v - 0.56)) - 0.56;
            return Math.min(square, Math.min(left, right));
        }
    };

    private static final double HALF_ROOT = Math.sqrt(0.5);
    private static final double[] TRIANGLE_CORNERS = corners(3, 1.05, 1.05);
    private static final double[] HOURGLASS_CORNERS = {
        -0.82, 0.95, 0.82, 0.95, 0.14, 0, 0.82, -0.95, -0.82, -0.95, -0.14, 0
    };
    private static final double[] STAR_CORNERS = corners(10, 1.1, 0.46);
    private static final double[] ARROW_CORNERS = {
        0, 1.05, 0.82, 0.12, 0.3, 0.12, 0.3, -1.0, -0.3, -1.0, -0.3, 0.12, -0.82, 0.12
    };

    /** Signed distance from (x, y) to the outline; the figure fits the disc of radius 1.3. */
    abstract double distance(double x, double y);

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Distance to a box whose signed overhangs are dx and dy. */
    private static double outsideOrInside(double dx, double dy) {
        double ox = Math.max(dx, 0);
        double oy = Math.max(dy, 0);
        return Math.sqrt(ox * ox + oy * oy) + Math.min(Math.max(dx, dy), 0);
    }

    /** n corners from the top, their radii alternating. */
    private static double[] corners(int n, double even, double odd) {
        double[] xy = new double[2 * n];
        for (int i = 0; i < n; i++) {
            double radius = i % 2 == 0 ? even : odd;
            double angle = Math.PI / 2 + 2 * Math.PI * i / n;
            xy[2 * i] = radius * StrictMath.cos(angle);
            xy[2 * i + 1] = radius * StrictMath.sin(angle);
        }
        return xy;
    }

    /** Nearest edge by projection; inside by counting the edges that a ray to the right crosses. */
    private static double polygon(double[] xy, double x, double y) {
        double nearest = Double.MAX_VALUE;
        boolean inside = false;
        double px = xy[xy.length - 2];
        double py = xy[xy.length - 1];
        for (int i = 0; i < xy.length; i += 2) {
            double qx = xy[i];
            double qy = xy[i + 1];
            double ex = qx - px;
            double ey = qy - py;
            double wx = x - px;
            double wy = y - py;
            double t = Math.min(Math.max((wx * ex + wy * ey) / (ex * ex + ey * ey), 0), 1);
            double dx = wx - ex * t;
            double dy = wy - ey * t;
            nearest = Math.min(nearest, dx * dx + dy * dy);
            if ((py > y) != (qy > y) && x < px + ex * (y - py) / ey) {
                inside = !inside;
            }
            px = qx;
            py = qy;
        }
        double distance = Math.sqrt(nearest);
        return inside ? -distance : distance;
    }
}
