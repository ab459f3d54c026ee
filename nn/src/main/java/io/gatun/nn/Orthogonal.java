package io.gatun.nn;

import io.gatun.kernel.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A random matrix with orthonormal rows or columns: the Q of a normal matrix, by Gram-Schmidt in double. Each vector is
 * made orthogonal twice, which leaves no more than rounding (Giraud, Langou and Rozloznik 2005); the diagonal of R is
 * positive, so that all such matrices are as likely (Mezzadri 2007).
 */
final class Orthogonal {
    private Orthogonal() {}

    static void fill(MemorySegment values, Shape shape, long seed, int index, double gain) {
        if (shape.rank() < 2) {
            throw new IllegalArgumentException("init: " + shape + " has no rows and columns to be orthogonal");
        }
        int rows = shape.dim(0);
        int columns = rows == 0 ? 0 : Math.toIntExact(shape.elements() / rows);
        boolean wide = rows <= columns;
        int vectors = Math.min(rows, columns);
        int length = Math.max(rows, columns);
        double[][] basis = new double[vectors][length];
        for (int v = 0; v < vectors; v++) {
            for (int i = 0; i < length; i++) {
                basis[v][i] = Init.normal(seed, index, (long) v * length + i);
            }
            for (int pass = 0; pass < 2; pass++) {
                for (int before = 0; before < v; before++) {
                    double along = dot(basis[v], basis[before]);
                    for (int i = 0; i < length; i++) {
                        basis[v][i] -= along * basis[before][i];
                    }
                }
            }
            double norm = Math.sqrt(dot(basis[v], basis[v]));
            for (int i = 0; i < length; i++) {
                basis[v][i] /= norm;
                long place = wide ? (long) v * columns + i : (long) i * columns + v;
                values.setAtIndex(ValueLayout.JAVA_FLOAT, place, (float) (gain * basis[v][i]));
            }
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
