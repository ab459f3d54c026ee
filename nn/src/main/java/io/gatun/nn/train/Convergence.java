package io.gatun.nn.train;

/**
 * Says when a sequence of losses has stopped to move: |loss - the one before| below a tolerance, several times in a row,
 * since two equal losses may be a chance.
 */
public final class Convergence {
    private final double tolerance;
    private final int times;
    private double last = Double.NaN;
    private int still;

    /**
     * @param tolerance above 0
     * @param times how often in a row, at least 1
     */
    public Convergence(double tolerance, int times) {
        if (!(tolerance > 0) || times < 1) {
            throw new IllegalArgumentException(
                    "convergence: tolerance " + tolerance + " must be above 0 and times " + times + " at least 1");
        }
        this.tolerance = tolerance;
        this.times = times;
    }

    /** Takes the next loss; true once it has converged. */
    public boolean reached(double loss) {
        still = Math.abs(loss - last) < tolerance ? still + 1 : 0;
        last = loss;
        return still >= times;
    }
}
