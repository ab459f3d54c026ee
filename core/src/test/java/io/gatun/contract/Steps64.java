package io.gatun.contract;

/**
 * What the oracles of all optimizers share: the gradient that a step begins with, in double, and how exactly a float
 * kernel can have it. Where numbers cancel that are added, the rounding of each is many ulp of what is left.
 */
record Steps64(double g, double largest, double reach) {
    /** gradScale · grad within ±clip, and decay · p more. */
    static Steps64 gradient(double scaled, double clip, double decayed) {
        double clipped = Double.isNaN(scaled) ? scaled : Math.max(Math.min(scaled, clip), -clip);
        return new Steps64(
                clipped + decayed,
                Math.max(Math.abs(clipped), Math.abs(decayed)),
                Math.abs(clipped) + Math.abs(decayed));
    }

    /** As the float that it is kept in: infinite where a float would be. */
    static double stored(double value) {
        return Expected.overflows(value) ? Double.POSITIVE_INFINITY : value;
    }

    /** By which factor the rounding of g can change a mean of squares of which {@code share} g² is a part, in u. */
    double relative(double share, double square) {
        double error = square == 0 ? 0 : 4 * share * Math.abs(g) * largest / square;
        return 8 + (Double.isFinite(error) ? error : 0);
    }
}
