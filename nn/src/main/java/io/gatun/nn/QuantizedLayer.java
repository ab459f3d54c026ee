package io.gatun.nn;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Quantized;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.nn.quantize.Affine;
import java.lang.foreign.ValueLayout;

/**
 * A layer whose weights are signed bytes, with a scale for each output channel, and whose input becomes unsigned bytes by one
 * scale and zero point. Its tensors are named as in PyTorch's layers: {@code weight} (I8), {@code weight_scale}, {@code bias},
 * {@code input_scale}, {@code input_zero_point}. {@link Quantization} makes them; inference on any number of threads.
 */
public abstract sealed class QuantizedLayer extends Module permits QuantizedLinear, QuantizedConv2d {
    /** The largest weight: without -128 the bytes are symmetric. */
    private static final int MOST = 127;

    private final Parameter weight;
    private final Parameter weightScale;
    private final Parameter bias;
    private final Parameter inputScale;
    private final Parameter inputZeroPoint;

    QuantizedLayer(Shape weights, boolean withBias, FileLayout layout) {
        int out = weights.dim(0);
        weight = bytes("weight", weights, layout);
        weightScale = buffer("weight_scale", Shape.of(out), DType.F32);
        bias = withBias ? buffer("bias", Shape.of(out), DType.F32) : null;
        inputScale = buffer("input_scale", Shape.of(1), DType.F32);
        inputZeroPoint = buffer("input_zero_point", Shape.of(1), DType.I32);
    }

    final Quantized.Filters filters() {
        return new Quantized.Filters(weight, weightScale, bias, inputScale, inputZeroPoint);
    }

    /**
     * Takes a layer's numbers: of each output channel the largest magnitude becomes 127, the others are rounded, halves to
     * even.
     *
     * @throws IllegalStateException if a weight is not finite
     */
    final void fill(String name, float[] weights, Tensor floatBias, Affine input) {
        int out = weight.shape().dim(0);
        int each = out == 0 ? 0 : weights.length / out;
        for (int o = 0; o < out; o++) {
            float largest = 0;
            for (int i = 0; i < each; i++) {
                largest = Math.max(largest, Math.abs(weights[o * each + i]));
            }
            if (!Float.isFinite(largest)) {
                throw new IllegalStateException("the weights of layer '" + name
                        + "' are not finite and cannot be quantised; go back to a checkpoint");
            }
            // A channel of zeros, or one so small that its scale would not be a normal number, stays zero.
            float scale = largest / MOST >= Float.MIN_NORMAL ? largest / MOST : 1;
            weightScale.data().setAtIndex(ValueLayout.JAVA_FLOAT, o, scale);
            for (int i = 0; i < each; i++) {
                int value = Math.clamp((int) Math.rint(weights[o * each + i] / scale), -MOST, MOST);
                weight.data().set(ValueLayout.JAVA_BYTE, (long) o * each + i, (byte) value);
            }
        }
        if (bias != null) {
            bias.data().copyFrom(floatBias.data());
        }
        inputScale.data().set(ValueLayout.JAVA_FLOAT, 0, input.scale());
        inputZeroPoint.data().set(ValueLayout.JAVA_INT, 0, input.zeroPoint());
    }

    /** Bytes of all its tensors. */
    final long bytes() {
        return stateDict().values().stream()
                .mapToLong(p -> p.shape().elements() * p.type().bytes())
                .sum();
    }

    /** How the input becomes bytes. */
    public final Affine input() {
        return new Affine(
                inputScale.data().get(ValueLayout.JAVA_FLOAT, 0),
                inputZeroPoint.data().get(ValueLayout.JAVA_INT, 0));
    }
}
