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
            Activation.elu(0.7f));

    ActivationCases() {
        super(ActivationSpec.class);
    }

    @Override
    List<ActivationSpec> specs(SplittableRandom random) {
        List<ActivationSpec> specs = new ArrayList<>();
        for (Activation activation : ALL) {
            for (Direction direction : Direction.values()) {
                for (int size : SIZES) {
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
