package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.Direction;

/** Activations and their derivatives, one element at a time. */
final class ReferenceActivation implements Kernel {
    private final ActivationSpec spec;

    ReferenceActivation(ActivationSpec spec) {
        this.spec = spec;
    }

    @Override
    public String implementation() {
        return "reference:activation";
    }

    @Override
    public void execute(long[] frame) {
        long count = spec.count();
        Activation activation = spec.activation();
        long first = frame[0];
        long second = frame[1];
        if (spec.direction() == Direction.FORWARD) {
            for (long i = 0; i < count; i++) {
                Raw.f32(second, i, ScalarMath.activate(activation, Raw.f32(first, i)));
            }
        } else {
            long diffSrc = frame[2];
            for (long i = 0; i < count; i++) {
                float slope = ScalarMath.derivative(activation, Raw.f32(first, i));
                Raw.f32(diffSrc, i, Raw.f32(second, i) * slope);
            }
        }
    }
}
