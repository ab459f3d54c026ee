package io.gatun.autograd;

import io.gatun.kernel.Shape;
import io.gatun.spec.Direction;
import io.gatun.spec.PowerSpec;
import io.gatun.spec.WhereSpec;
import java.util.Arrays;

/** Choosing by a mask (float32, 0 for no), and powers. */
public final class Choices {
    private Choices() {}

    /**
     * a where the mask is not 0, else b; all three broadcast. What is not chosen does not matter, NaN included, and gets
     * the gradient 0.
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static Tensor where(Tensor mask, Tensor a, Tensor b) {
        Tape tape = Tape.of("where", mask, a, b);
        Shape pair = Broadcasts.common(a.shape, b.shape);
        Shape shape = pair == null ? null : Broadcasts.common(mask.shape, pair);
        if (shape == null) {
            throw new IllegalArgumentException("where: mask " + mask.shape + ", " + a + " and " + b
                    + " do not fit; axes are matched from the last one, and each must agree or be 1");
        }
        boolean oneA = a.shape.elements() == 1;
        boolean oneB = b.shape.elements() == 1;
        Tensor[] given = {mask, a, b};
        Tensor[] floats = new Tensor[3];
        Arrays.setAll(floats, i -> Casts.floats(tape, "where", given[i]));
        Tensor[] in = {
            Broadcasts.expand(tape, floats[0], shape),
            oneA ? floats[1] : Broadcasts.expand(tape, floats[1], shape),
            oneB ? floats[2] : Broadcasts.expand(tape, floats[2], shape)
        };
        WhereSpec spec = new WhereSpec(shape.elements(), oneA, oneB);
        Tensor dst = tape.result(shape, "where");
        tape.run(spec, in[0].memory(), in[1].memory(), in[2].memory(), dst.memory);
        Tensor result = tape.record(new Op.Where(spec), dst, in);
        for (int i = 0; i < in.length; i++) {
            Casts.release(in[i], floats[i]);
            Casts.release(floats[i], given[i]);
        }
        return result;
    }

    /** {@code value} where the mask is not 0, else src; the mask broadcasts. The value may be -Inf, as attention asks. */
    public static Tensor maskedFill(Tensor src, Tensor mask, float value) {
        Tape tape = Tape.of("maskedFill", src, mask);
        Tensor constant = tape.full(Shape.of(), value);
        Tensor result = where(mask, constant, src);
        constant.release();
        return result;
    }

    /**
     * srcᵖ as in Java's pow, with gradient p srcᵖ⁻¹. Squares and roots are kernels; any other power is a scalar loop, of
     * the same bits on every machine, for losses rather than for layers.
     */
    public static Tensor pow(Tensor src, float exponent) {
        if (exponent == 2) {
            return src.square();
        }
        if (exponent == 0.5f) {
            return src.sqrt();
        }
        Tape tape = Tape.of("pow", src);
        Tensor from = Casts.floats("pow", src);
        Tensor dst = tape.result(src.shape, "pow");
        tape.run(new PowerSpec(Direction.FORWARD, exponent, src.shape.elements()), from.memory(), dst.memory);
        tape.record(new Op.Power(exponent), dst, from);
        Casts.release(from, src);
        return dst;
    }
}
