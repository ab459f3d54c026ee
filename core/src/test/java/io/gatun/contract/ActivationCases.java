package io.gatun.contract;

import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.Direction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class ActivationCases extends Family<ActivationSpec> {
    static final List<Activation> ALL = List.of(
            Activation.IDENTITY,
            Activation.RELU,
            Activation.leakyRelu(0.01f),
            Activation.SIGMOID,
            Activation.TANH,
            Activation.GELU,
            Activation.elu(1),
            Activation.elu(0.7f),
            Activation.SILU,
            Activation.SOFTPLUS,
            Activation.EXP,
            Activation.LOG,
            Activation.ABS,
            Activation.SQRT,
            Activation.SQUARE,
            Activation.STEP,
            Activation.clamp(-0.5f, 3),
            Activation.clamp(0, Float.POSITIVE_INFINITY));

    /** Those that products and convolutions are tried with: of the others an error before may grow without bound. */
    static final List<Activation> FUSED = ALL.stream()
            .filter(activation -> switch (activation.kind()) {
                case EXP, LOG, SQRT, SQUARE, STEP, ABS, CLAMP -> false;
                default -> true;
            })
            .toList();

    /** Sizes for what shares its loops with the others: a vector, a tail, both, more than a piece comes besides. */
    private static final int[] FEW = {0, 1, 7, 16, 33, 129, 1025};

    ActivationCases() {
        super(ActivationSpec.class);
    }

    @Override
    List<ActivationSpec> specs(SplittableRandom random) {
        List<ActivationSpec> specs = new ArrayList<>();
        for (Activation activation : ALL) {
            for (Direction direction : Direction.values()) {
                for (int size : FUSED.contains(activation) ? SIZES : FEW) {
                    specs.add(new ActivationSpec(direction, activation, size));
                }
                specs.add(new ActivationSpec(direction, activation, 20_000));
            }
        }
        return specs;
    }

    @Override
    Inputs inputs(ActivationSpec spec, boolean exact, SplittableRandom random) {
        double range = pick(random, 1, 4, 12, 90);
        Inputs in = Inputs.random(spec, false, range, random);
        boolean positive = spec.activation().kind() == Activation.Kind.LOG
                || spec.activation().kind() == Activation.Kind.SQRT;
        for (String name : new String[] {"src", "dst"}) {
            if (positive && in.has(name)) {
                in = in.with(
                        name,
                        java.util.Arrays.stream(in.get(name)).map(Math::abs).toArray());
            }
        }
        if (in.has("dst")) {
            double[] dst = in.get("dst");
            for (int i = 0; i < dst.length; i++) {
                dst[i] = (float) R64Activation.apply(spec.activation(), dst[i]);
            }
        }
        return in;
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    java.util.stream.Stream<Map.Entry<ActivationSpec, Inputs>> specialCases(SplittableRandom random) {
        return ALL.stream().filter(a -> a.kind() != Activation.Kind.IDENTITY).flatMap(activation -> {
            ActivationSpec spec = new ActivationSpec(Direction.BACKWARD, activation, 37);
            Inputs in = inputs(spec, false, random);
            String saved = activation.kind().usesOutput() ? "dst" : "src";
            return java.util.stream.Stream.of(
                    Map.entry(spec, in.with("diffDst", 3, Double.NaN).with("diffDst", 36, Double.NaN)),
                    Map.entry(spec, in.with(saved, 5, Double.NaN).with(saved, 35, Double.NaN)),
                    Map.entry(spec, in.with(saved, 7, 0).with(saved, 34, -0.0)));
        });
    }

    @Override
    Map<String, Expected> expected(ActivationSpec spec, Inputs in) {
        return R64Activation.expected(spec, in);
    }
}
