package io.gatun.simd;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.LE;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The transforms of {@link Winograd}, each over a row of tiles and all channels, and each compiled on its own, for the
 * reason that {@link VectorLoop} gives. Every line is elementwise over the channels: no width and no neighbour changes
 * a bit.
 *
 * <pre>
 *   data     V = Bt d B     Bt = 1  0 -1  0     weights  U = G g Gt     G = 1    0    0
 *                                0  1  1  0                                 1/2  1/2  1/2
 *                                0 -1  1  0                                 1/2 -1/2  1/2
 *                                0  1  0 -1                                 0    0    1
 *   outputs  Y = At M A     At = 1  1  1  0
 *                                0  1 -1 -1
 * </pre>
 */
final class WinogradLoop {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final MethodType TYPE = MethodType.methodType(
            void.class, long.class, long.class, long.class, long.class, long.class, int.class, long.class);

    static final WinogradLoop DATA_OUTER = new WinogradLoop("dataOuter");
    static final WinogradLoop DATA_INNER = new WinogradLoop("dataInner");
    static final WinogradLoop OUTPUT = new WinogradLoop("output");
    static final WinogradLoop OUTPUT_SHIFTED = new WinogradLoop("outputShifted");
    static final WinogradLoop WEIGHTS_DOWN = new WinogradLoop("weightsDown");
    static final WinogradLoop WEIGHTS_ACROSS = new WinogradLoop("weightsAcross");
    static final WinogradLoop ERRORS = new WinogradLoop("errors");
    static final WinogradLoop GRADIENTS_DOWN = new WinogradLoop("gradientsDown");
    static final WinogradLoop GRADIENTS_ACROSS = new WinogradLoop("gradientsAcross");
    static final WinogradLoop ADD = new WinogradLoop("add");

    /** Not final: a constant handle would be inlined. */
    private MethodHandle code;

    private WinogradLoop(String name) {
        try {
            this.code = MethodHandles.lookup().findStatic(WinogradLoop.class, name, TYPE);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("no loop " + name, e);
        }
    }

    /** What the addresses and distances in bytes are, the loops say. */
    void run(long from, long row, long to, long second, long place, int count, long pixel) {
        try {
            code.invokeExact(from, row, to, second, place, count, pixel);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a loop throws nothing checked", e);
        }
    }

    /**
     * Rows 0 and 3 of V of {@code tiles} tiles: d from {@code from} with rows {@code row} bytes apart, neighbours two
     * pixels; V[i][j] of a tile to {@code to} + (4i + j)·{@code place}, the next tile {@code pixel} further.
     */
    private static void dataOuter(long from, long row, long to, long unused, long place, int tiles, long pixel) {
        for (int t = 0; t < tiles; t++, from += 2 * pixel, to += pixel) {
            long d0 = from;
            long d1 = from + row;
            long d2 = d1 + row;
            long d3 = d2 + row;
            long v0 = to;
            long v3 = to + 12 * place;
            for (long c = 0; c < pixel; c += Lanes.BYTES) {
                FloatVector a = load(d0 + c).sub(load(d2 + c));
                FloatVector b = load(d0 + pixel + c).sub(load(d2 + pixel + c));
                FloatVector e = load(d0 + 2 * pixel + c).sub(load(d2 + 2 * pixel + c));
                FloatVector f = load(d0 + 3 * pixel + c).sub(load(d2 + 3 * pixel + c));
                a.sub(e).intoMemorySegment(MEMORY, v0 + c, ORDER);
                b.add(e).intoMemorySegment(MEMORY, v0 + place + c, ORDER);
                e.sub(b).intoMemorySegment(MEMORY, v0 + 2 * place + c, ORDER);
                b.sub(f).intoMemorySegment(MEMORY, v0 + 3 * place + c, ORDER);
                a = load(d1 + c).sub(load(d3 + c));
                b = load(d1 + pixel + c).sub(load(d3 + pixel + c));
                e = load(d1 + 2 * pixel + c).sub(load(d3 + 2 * pixel + c));
                f = load(d1 + 3 * pixel + c).sub(load(d3 + 3 * pixel + c));
                a.sub(e).intoMemorySegment(MEMORY, v3 + c, ORDER);
                b.add(e).intoMemorySegment(MEMORY, v3 + place + c, ORDER);
                e.sub(b).intoMemorySegment(MEMORY, v3 + 2 * place + c, ORDER);
                b.sub(f).intoMemorySegment(MEMORY, v3 + 3 * place + c, ORDER);
            }
        }
    }

    /** Rows 1 and 2 of V. */
    private static void dataInner(long from, long row, long to, long unused, long place, int tiles, long pixel) {
        for (int t = 0; t < tiles; t++, from += 2 * pixel, to += pixel) {
            long d1 = from + row;
            long d2 = d1 + row;
            long v1 = to + 4 * place;
            long v2 = to + 8 * place;
            for (long c = 0; c < pixel; c += Lanes.BYTES) {
                FloatVector x = load(d1 + c);
                FloatVector y = load(d2 + c);
                FloatVector a = x.add(y);
                FloatVector p = y.sub(x);
                x = load(d1 + pixel + c);
                y = load(d2 + pixel + c);
                FloatVector b = x.add(y);
                FloatVector q = y.sub(x);
                x = load(d1 + 2 * pixel + c);
                y = load(d2 + 2 * pixel + c);
                FloatVector e = x.add(y);
                FloatVector r = y.sub(x);
                x = load(d1 + 3 * pixel + c);
                y = load(d2 + 3 * pixel + c);
                FloatVector f = x.add(y);
                FloatVector s = y.sub(x);
                a.sub(e).intoMemorySegment(MEMORY, v1 + c, ORDER);
                b.add(e).intoMemorySegment(MEMORY, v1 + place + c, ORDER);
                e.sub(b).intoMemorySegment(MEMORY, v1 + 2 * place + c, ORDER);
                b.sub(f).intoMemorySegment(MEMORY, v1 + 3 * place + c, ORDER);
                p.sub(r).intoMemorySegment(MEMORY, v2 + c, ORDER);
                q.add(r).intoMemorySegment(MEMORY, v2 + place + c, ORDER);
                r.sub(q).intoMemorySegment(MEMORY, v2 + 2 * place + c, ORDER);
                q.sub(s).intoMemorySegment(MEMORY, v2 + 3 * place + c, ORDER);
            }
        }
    }

    /**
     * The 2x2 outputs of {@code tiles} tiles: the upper two pixels to {@code to}, the lower two to {@code second},
     * where {@code flag} is the address of a vector that becomes NaN when an output is not finite.
     */
    private static void output(long from, long flag, long to, long second, long place, int tiles, long pixel) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector bad = load(flag);
        for (int t = 0; t < tiles; t++, from += pixel, to += 2 * pixel, second += 2 * pixel) {
            for (long c = 0; c < pixel; c += Lanes.BYTES) {
                long m = from + c;
                FloatVector m1 = load(m + 4 * place);
                FloatVector m2 = load(m + 8 * place);
                FloatVector a = load(m).add(m1).add(m2);
                FloatVector p = m1.sub(m2).sub(load(m + 12 * place));
                m += place;
                m1 = load(m + 4 * place);
                m2 = load(m + 8 * place);
                FloatVector b = load(m).add(m1).add(m2);
                FloatVector q = m1.sub(m2).sub(load(m + 12 * place));
                m += place;
                m1 = load(m + 4 * place);
                m2 = load(m + 8 * place);
                FloatVector e = load(m).add(m1).add(m2);
                FloatVector r = m1.sub(m2).sub(load(m + 12 * place));
                m += place;
                m1 = load(m + 4 * place);
                m2 = load(m + 8 * place);
                FloatVector f = load(m).add(m1).add(m2);
                FloatVector s = m1.sub(m2).sub(load(m + 12 * place));
                a = a.add(b).add(e);
                b = b.sub(e).sub(f);
                a.intoMemorySegment(MEMORY, to + c, ORDER);
                b.intoMemorySegment(MEMORY, to + pixel + c, ORDER);
                p = p.add(q).add(r);
                q = q.sub(r).sub(s);
                p.intoMemorySegment(MEMORY, second + c, ORDER);
                q.intoMemorySegment(MEMORY, second + pixel + c, ORDER);
                bad = a.add(b).add(p.add(q)).fma(zero, bad);
            }
        }
        bad.intoMemorySegment(MEMORY, flag, ORDER);
    }

    /**
     * As {@link #output}, plus a bias, and not less than a floor: behind the flag's vector lie the bias' address (8 bytes) and
     * the floor.
     */
    private static void outputShifted(long from, long flag, long to, long second, long place, int tiles, long pixel) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector bad = load(flag);
        long bias = Raw.i64(flag + Lanes.BYTES, 0);
        FloatVector floor = FloatVector.broadcast(F, Raw.f32(flag + Lanes.BYTES, 2));
        for (int t = 0; t < tiles; t++, from += pixel, to += 2 * pixel, second += 2 * pixel) {
            for (long c = 0; c < pixel; c += Lanes.BYTES) {
                long m = from + c;
                FloatVector m1 = load(m + 4 * place);
                FloatVector m2 = load(m + 8 * place);
                FloatVector a = load(m).add(m1).add(m2);
                FloatVector p = m1.sub(m2).sub(load(m + 12 * place));
                m += place;
                m1 = load(m + 4 * place);
                m2 = load(m + 8 * place);
                FloatVector b = load(m).add(m1).add(m2);
                FloatVector q = m1.sub(m2).sub(load(m + 12 * place));
                m += place;
                m1 = load(m + 4 * place);
                m2 = load(m + 8 * place);
                FloatVector e = load(m).add(m1).add(m2);
                FloatVector r = m1.sub(m2).sub(load(m + 12 * place));
                m += place;
                m1 = load(m + 4 * place);
                m2 = load(m + 8 * place);
                FloatVector f = load(m).add(m1).add(m2);
                FloatVector s = m1.sub(m2).sub(load(m + 12 * place));
                FloatVector shift = load(bias + c);
                a = a.add(b).add(e);
                b = b.sub(e).sub(f);
                p = p.add(q).add(r);
                q = q.sub(r).sub(s);
                bad = a.add(b).add(p.add(q)).fma(zero, bad);
                a = a.add(shift);
                b = b.add(shift);
                p = p.add(shift);
                q = q.add(shift);
                a.blend(floor, a.compare(LE, floor)).intoMemorySegment(MEMORY, to + c, ORDER);
                b.blend(floor, b.compare(LE, floor)).intoMemorySegment(MEMORY, to + pixel + c, ORDER);
                p.blend(floor, p.compare(LE, floor)).intoMemorySegment(MEMORY, second + c, ORDER);
                q.blend(floor, q.compare(LE, floor)).intoMemorySegment(MEMORY, second + pixel + c, ORDER);
            }
        }
        bad.intoMemorySegment(MEMORY, flag, ORDER);
    }

    /** G g for {@code bytes} of input channels of a filter: three columns of four, {@code place} apart, column by column. */
    private static void weightsDown(
            long filter, long tap, long to, long unused, long place, int unusedCount, long bytes) {
        for (long c = 0; c < bytes; c += Lanes.BYTES) {
            for (long j = 0; j < 3; j++) {
                long from = filter + j * tap + c;
                long at = to + 4 * j * place + c;
                FloatVector g0 = load(from);
                FloatVector g1 = load(from + 3 * tap);
                FloatVector g2 = load(from + 6 * tap);
                FloatVector sum = g0.add(g2);
                g0.intoMemorySegment(MEMORY, at, ORDER);
                sum.add(g1).mul(0.5f).intoMemorySegment(MEMORY, at + place, ORDER);
                sum.sub(g1).mul(0.5f).intoMemorySegment(MEMORY, at + 2 * place, ORDER);
                g2.intoMemorySegment(MEMORY, at + 3 * place, ORDER);
            }
        }
    }

    /** (G g) Gt of what {@link #weightsDown} left at {@code from}: U[i][j] to {@code to} + (4i + j)·{@code place}. */
    private static void weightsAcross(
            long from, long column, long to, long unused, long place, int unusedCount, long bytes) {
        for (long c = 0; c < bytes; c += Lanes.BYTES) {
            for (long i = 0; i < 4; i++) {
                long at = from + i * column + c;
                long u = to + 4 * i * place + c;
                FloatVector g0 = load(at);
                FloatVector g1 = load(at + 4 * column);
                FloatVector g2 = load(at + 8 * column);
                FloatVector sum = g0.add(g2);
                g0.intoMemorySegment(MEMORY, u, ORDER);
                sum.add(g1).mul(0.5f).intoMemorySegment(MEMORY, u + place, ORDER);
                sum.sub(g1).mul(0.5f).intoMemorySegment(MEMORY, u + 2 * place, ORDER);
                g2.intoMemorySegment(MEMORY, u + 3 * place, ORDER);
            }
        }
    }

    /**
     * E = A e At of 2x2 gradients of outputs, but for the sign of the last row and column of A: the upper pixels at
     * {@code from}, the lower at {@code second}, {@code pixel} bytes a pixel, of which {@code bytes} are taken.
     */
    private static void errors(long from, long pixel, long to, long second, long place, int tiles, long bytes) {
        for (int t = 0; t < tiles; t++, from += 2 * pixel, second += 2 * pixel, to += bytes) {
            for (long c = 0; c < bytes; c += Lanes.BYTES) {
                long e = to + c;
                FloatVector a = load(from + c);
                FloatVector b = load(from + pixel + c);
                FloatVector p = load(second + c);
                FloatVector q = load(second + pixel + c);
                a.intoMemorySegment(MEMORY, e, ORDER);
                a.add(b).intoMemorySegment(MEMORY, e + place, ORDER);
                a.sub(b).intoMemorySegment(MEMORY, e + 2 * place, ORDER);
                b.intoMemorySegment(MEMORY, e + 3 * place, ORDER);
                e += 4 * place;
                FloatVector x = a.add(p);
                FloatVector y = b.add(q);
                x.intoMemorySegment(MEMORY, e, ORDER);
                x.add(y).intoMemorySegment(MEMORY, e + place, ORDER);
                x.sub(y).intoMemorySegment(MEMORY, e + 2 * place, ORDER);
                y.intoMemorySegment(MEMORY, e + 3 * place, ORDER);
                e += 4 * place;
                x = a.sub(p);
                y = b.sub(q);
                x.intoMemorySegment(MEMORY, e, ORDER);
                x.add(y).intoMemorySegment(MEMORY, e + place, ORDER);
                x.sub(y).intoMemorySegment(MEMORY, e + 2 * place, ORDER);
                y.intoMemorySegment(MEMORY, e + 3 * place, ORDER);
                e += 4 * place;
                p.intoMemorySegment(MEMORY, e, ORDER);
                p.add(q).intoMemorySegment(MEMORY, e + place, ORDER);
                p.sub(q).intoMemorySegment(MEMORY, e + 2 * place, ORDER);
                q.intoMemorySegment(MEMORY, e + 3 * place, ORDER);
            }
        }
    }

    /** Gt M of one vector of {@code rows} input channels: three rows of four, each of {@code rows} vectors. */
    private static void gradientsDown(long from, long row, long to, long unused, long place, int rows, long bytes) {
        for (int r = 0; r < rows; r++) {
            for (long j = 0; j < 4; j++) {
                long m = from + r * row + j * place;
                long at = to + j * bytes + r * Lanes.BYTES;
                FloatVector m1 = load(m + 4 * place);
                FloatVector m2 = load(m + 8 * place);
                FloatVector half = m1.add(m2).mul(0.5f);
                load(m).add(half).intoMemorySegment(MEMORY, at, ORDER);
                m1.sub(m2).mul(0.5f).intoMemorySegment(MEMORY, at + 4 * bytes, ORDER);
                half.sub(load(m + 12 * place)).intoMemorySegment(MEMORY, at + 8 * bytes, ORDER);
            }
        }
    }

    /** (Gt M) G: the nine taps, each of {@code rows} vectors. */
    private static void gradientsAcross(long from, long flag, long to, long unused, long place, int rows, long bytes) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector bad = load(flag);
        for (int r = 0; r < rows; r++) {
            for (long i = 0; i < 3; i++) {
                long m = from + 4 * i * bytes + r * Lanes.BYTES;
                long at = to + 3 * i * bytes + r * Lanes.BYTES;
                FloatVector m1 = load(m + bytes);
                FloatVector m2 = load(m + 2 * bytes);
                FloatVector half = m1.add(m2).mul(0.5f);
                FloatVector g0 = load(m).add(half);
                FloatVector g1 = m1.sub(m2).mul(0.5f);
                FloatVector g2 = half.sub(load(m + 3 * bytes));
                g0.intoMemorySegment(MEMORY, at, ORDER);
                g1.intoMemorySegment(MEMORY, at + bytes, ORDER);
                g2.intoMemorySegment(MEMORY, at + 2 * bytes, ORDER);
                bad = g0.add(g1).add(g2).fma(zero, bad);
            }
        }
        bad.intoMemorySegment(MEMORY, flag, ORDER);
    }

    /** {@code to} += {@code from}: {@code count} rows of {@code bytes}, {@code row} and {@code toRow} bytes apart. */
    private static void add(long from, long row, long to, long toRow, long place, int count, long bytes) {
        for (int r = 0; r < count; r++, from += row, to += toRow) {
            for (long c = 0; c < bytes; c += Lanes.BYTES) {
                load(to + c).add(load(from + c)).intoMemorySegment(MEMORY, to + c, ORDER);
            }
        }
    }

    private static FloatVector load(long address) {
        return fromMemorySegment(F, MEMORY, address, ORDER);
    }
}
