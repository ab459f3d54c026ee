package io.gatun.nn.quantize;

import io.gatun.reference.ScalarMath;

/**
 * Which numbers the 256 bytes are: x = scale · (byte - zeroPoint).
 *
 * @param scale of one step, positive
 * @param zeroPoint the byte that is exactly 0, within 0 and 255
 */
public record Affine(float scale, int zeroPoint) {
    /** The smallest scale, as in torch.ao.quantization. */
    private static final float LEAST = 0x1p-23f;

    /**
     * @throws IllegalArgumentException if the scale is not positive or the zero point no byte
     */
    public Affine {
        if (!(scale > 0) || Float.isInfinite(scale) || zeroPoint < 0 || zeroPoint > 255) {
            throw new IllegalArgumentException("a scale of " + scale + " and a zero point of " + zeroPoint
                    + " are not possible; the scale is positive and the zero point within 0 and 255");
        }
    }

    /**
     * The bytes for numbers from {@code least} to {@code most}, widened so that they hold 0, which then is a byte exactly:
     * padding and what a ReLU cuts lose nothing. As torch.ao.quantization's observers: scale = (most - least) / 255,
     * zeroPoint = -round(least / scale).
     *
     * @throws IllegalArgumentException if one is not finite or they are in the wrong order
     */
    public static Affine of(float least, float most) {
        if (!(least <= most) || Float.isInfinite(least) || Float.isInfinite(most)) {
            throw new IllegalArgumentException("no bytes stand for the numbers from " + least + " to " + most
                    + "; calibrate on batches whose numbers are finite");
        }
        float low = Math.min(least, 0);
        float scale = Math.max((Math.max(most, 0) - low) / 255, LEAST);
        return new Affine(scale, Math.clamp(-(int) Math.rint(low / scale), 0, 255));
    }

    /** The byte that x becomes, as 0 to 255, by the rule of {@link io.gatun.spec.QuantizeSpec}; NaN is 0. */
    public int quantize(float x) {
        return ScalarMath.unsignedByte(x * (1 / scale) + zeroPoint) & 0xFF;
    }

    /** The number that a byte stands for. */
    public float number(int quantized) {
        return scale * (quantized - zeroPoint);
    }
}
