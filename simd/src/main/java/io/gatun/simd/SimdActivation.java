package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ScalarMath;
import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.Direction;
import jdk.incubator.vector.FloatVector;

/**
 * Activations and their derivatives in one pass: 4 B read and 4 B written an element forward, 8 and 4 backward. One loop
 * a function, so that each is compiled for itself; those here have no exponential, the others are {@link ActivationLoops}. Bitwise equal to the reference, whose functions do the tail.
 */
final class SimdActivation extends Elementwise {
    private final Activation activation;
    private final boolean forward;

    private SimdActivation(ActivationSpec spec, Workers workers) {
        super(spec.count(), workers);
        this.activation = spec.activation();
        this.forward = spec.direction() == Direction.FORWARD;
    }

    static Offer offer(ActivationSpec spec, Workers workers) {
        return Offer.of(new SimdActivation(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:activation";
    }

    @Override
    void range(long[] frame, long from, int n) {
        if (forward) {
            forward(frame[0] + from * 4, frame[1] + from * 4, n);
        } else {
            backward(frame[0] + from * 4, frame[1] + from * 4, frame[2] + from * 4, n);
        }
    }

    private void forward(long src, long dst, int n) {
        int whole = Lanes.F.loopBound(n);
        float alpha = activation.alpha();
        switch (activation.kind()) {
            case IDENTITY -> {
                for (int i = 0; i < whole; i += Lanes.COUNT) {
                    store(dst + i * 4L, load(src + i * 4L));
                }
            }
            case RELU -> {
                for (int i = 0; i < whole; i += Lanes.COUNT) {
                    store(dst + i * 4L, VectorMath.relu(load(src + i * 4L)));
                }
            }
            case LEAKY_RELU -> {
                for (int i = 0; i < whole; i += Lanes.COUNT) {
                    store(dst + i * 4L, VectorMath.leakyRelu(load(src + i * 4L), alpha));
                }
            }
            default -> ActivationLoops.forward(activation, src, dst, dst, whole);
        }
        for (int i = whole; i < n; i++) {
            Raw.f32(dst, i, ScalarMath.activate(activation, Raw.f32(src, i)));
        }
    }

    private void backward(long saved, long diffDst, long diffSrc, int n) {
        int whole = Lanes.F.loopBound(n);
        float alpha = activation.alpha();
        switch (activation.kind()) {
            case IDENTITY -> {
                for (int i = 0; i < whole; i += Lanes.COUNT) {
                    store(diffSrc + i * 4L, load(diffDst + i * 4L));
                }
            }
            case RELU, LEAKY_RELU -> {
                for (int i = 0; i < whole; i += Lanes.COUNT) {
                    FloatVector slope = VectorMath.slope(load(saved + i * 4L), alpha);
                    store(diffSrc + i * 4L, load(diffDst + i * 4L).mul(slope));
                }
            }
            case SIGMOID -> {
                for (int i = 0; i < whole; i += Lanes.COUNT) {
                    FloatVector y = load(saved + i * 4L);
                    store(
                            diffSrc + i * 4L,
                            load(diffDst + i * 4L).mul(y.mul(Lanes.splat(1f).sub(y))));
                }
            }
            case EXP -> {
                for (int i = 0; i < whole; i += Lanes.COUNT) {
                    store(diffSrc + i * 4L, load(diffDst + i * 4L).mul(load(saved + i * 4L)));
                }
            }
            case TANH -> {
                for (int i = 0; i < whole; i += Lanes.COUNT) {
                    FloatVector y = load(saved + i * 4L);
                    store(diffSrc + i * 4L, load(diffDst + i * 4L).mul(y.neg().fma(y, Lanes.splat(1f))));
                }
            }
            default -> ActivationLoops.backward(activation, saved, diffDst, diffSrc, whole);
        }
        for (int i = whole; i < n; i++) {
            Raw.f32(diffSrc, i, Raw.f32(diffDst, i) * ScalarMath.derivative(activation, Raw.f32(saved, i)));
        }
    }
}
