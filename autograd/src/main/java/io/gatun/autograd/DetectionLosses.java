package io.gatun.autograd;

import io.gatun.kernel.Shape;

/** Losses of nets that find things in pictures. */
public final class DetectionLosses {
    /** Keeps the IOU of two boxes without area at 0 rather than NaN. */
    private static final float TINY = 1e-9f;

    private DetectionLosses() {}

    /**
     * What {@link #yolo} weighs.
     *
     * @param boxes B, how many a cell predicts
     * @param coordinates λ_coord
     * @param noObject λ_noobj
     */
    public record Yolo(int boxes, float coordinates, float noObject) {
        /** Two boxes, 5 and 0.5: the paper's. */
        public static final Yolo DEFAULT = new Yolo(2, 5, 0.5f);

        public Yolo {
            if (boxes < 1 || !(coordinates >= 0) || !(noObject >= 0)) {
                throw new IllegalArgumentException("yolo: " + boxes + " boxes a cell, weights " + coordinates + " and "
                        + noObject + ": give at least one box and weights not below 0");
            }
        }
    }

    /**
     * The loss of YOLO (Redmon et al. 2016), sums of squares of each picture, averaged over the batch. In a cell with an
     * object the box of the highest IOU with it, the first of them, is responsible:
     *
     * <pre>
     * λ_coord Σ responsible (x - tx)² + (y - ty)² + (√w - √tw)² + (√h - √th)²
     *       + Σ responsible (confidence - IOU)²  +  λ_noobj Σ the other boxes confidence²
     *       + Σ cells with an object, classes (p - tp)²
     * </pre>
     *
     * No gradient flows through the choice and the IOU.
     *
     * @param prediction [n, S, S, 5 B + classes]: of each box x and y within its cell, from 0 to 1; <b>the roots</b> of width and
     *     height as shares of the picture's, as in Darknet, so that no prediction is below 0; the confidence; then the
     *     classes
     * @param target [n, S, S, 5 + classes]: x, y, width and height (no roots) of the object whose middle is in the cell, 1;
     *     then 1 for its class; all 0 for a cell without one. A constant
     */
    public static Tensor yolo(Tensor prediction, Tensor target, Yolo options) {
        int boxes = options.boxes;
        int classes = target.shape.rank() == 0 ? -1 : target.shape.last() - 5;
        Shape given = prediction.shape;
        if (given.rank() != 4
                || classes < 0
                || given.dim(1) != given.dim(2)
                || given.last() != 5 * boxes + classes
                || !Views.leading(given, 1).equals(Views.leading(target.shape, 1))) {
            throw new IllegalArgumentException("yolo: prediction " + given + " and target " + target.shape
                    + " do not fit; give [n, S, S, 5 * " + boxes + " + classes] and [n, S, S, 5 + classes]");
        }
        ElementLoss.requireConstant("yolo", "target", target);
        int n = given.dim(0);
        int side = given.dim(1);
        int cells = n * side * side;
        Tensor rows = Views.reshape(prediction, cells, 5 * boxes + classes);
        Tensor truth = Views.reshape(target, cells, 5 + classes);
        Tensor found = Views.reshape(Pieces.narrow(rows, 1, 0, 5 * boxes), cells, boxes, 5);
        Tensor object = Views.reshape(Pieces.narrow(truth, 1, 4, 1), cells, 1);
        Tensor box = Views.reshape(Pieces.narrow(truth, 1, 0, 4), cells, 1, 4);
        Tensor size = Pieces.narrow(box, 2, 2, 2);

        Tensor iou = iou(Views.detach(found), box, side);
        Tensor responsible = Arithmetic.mul(first(iou), object);
        Tensor roots = Pieces.concat(2, Pieces.narrow(box, 2, 0, 2), size.sqrt());
        Tensor apart = Arithmetic.sum(
                Arithmetic.sub(Pieces.narrow(found, 2, 0, 4), roots).square(), 2);
        Tensor confidence = Pieces.select(found, 2, 4);
        Tensor certain = Arithmetic.sub(confidence, iou).square();
        Tensor idle = Arithmetic.mul(confidence.square(), ElementLoss.plus(responsible.neg(), 1));
        Tensor each = Arithmetic.mul(responsible, Arithmetic.add(apart.scale(options.coordinates), certain));
        Tensor loss = Arithmetic.add(each, idle.scale(options.noObject)).sum();
        if (classes > 0) {
            Tensor wrong = Arithmetic.sub(
                            Pieces.narrow(rows, 1, 5 * boxes, classes), Pieces.narrow(truth, 1, 5, classes))
                    .square();
            loss = Arithmetic.add(loss, Arithmetic.mul(wrong, object).sum());
        }
        return loss.scale(1f / n);
    }

    /**
     * Intersection over union of boxes [cells, B, 5] (with roots) with one of each cell [cells, 1, 4]: [cells, B]. The cell's
     * own place cancels out.
     */
    private static Tensor iou(Tensor found, Tensor box, int side) {
        Tensor middles = Pieces.narrow(found, 2, 0, 2).scale(1f / side);
        Tensor sizes = Pieces.narrow(found, 2, 2, 2).square();
        Tensor middle = Pieces.narrow(box, 2, 0, 2).scale(1f / side);
        Tensor size = Pieces.narrow(box, 2, 2, 2);
        Tensor end = Arithmetic.add(middles, sizes.scale(0.5f)).minimum(Arithmetic.add(middle, size.scale(0.5f)));
        Tensor begin = Arithmetic.sub(middles, sizes.scale(0.5f)).maximum(Arithmetic.sub(middle, size.scale(0.5f)));
        Tensor both = area(Arithmetic.sub(end, begin).relu());
        Tensor either = Arithmetic.sub(Arithmetic.add(area(sizes), area(size)), both);
        return Arithmetic.div(both, ElementLoss.plus(either, TINY));
    }

    private static Tensor area(Tensor sizes) {
        return Arithmetic.mul(Pieces.select(sizes, 2, 0), Pieces.select(sizes, 2, 1));
    }

    /** 1 at the first of the largest entries of each row, else 0. */
    private static Tensor first(Tensor rows) {
        int n = rows.shape.last();
        float[] identity = new float[n * n];
        for (int i = 0; i < n; i++) {
            identity[i * n + i] = 1;
        }
        return Lookups.indexSelect(rows.tape.constant(Shape.of(n, n), identity), 0, Extremes.argmax(rows, 1));
    }
}
