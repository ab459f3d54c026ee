package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Problems in 16-bit storage: the cases, data and oracles of the float families, with every narrow input rounded before,
 * and every narrow output allowed half a unit of its own in the last place besides what a float would be allowed.
 */
final class MixedCases extends Family<MixedSpec> {
    private static final int CASES_OF_EACH = 12;
    private static final double MOST_WORK = 20_000;

    private static final List<Family<?>> FLOAT = List.of(
            new GemmCases(),
            new ConvCases(),
            new PoolCases(),
            new AdaptivePoolCases(),
            new BatchNormCases(),
            new GroupNormCases(),
            new ActivationCases(),
            new AxpbyCases(),
            new BinaryCases(),
            new SoftmaxCases(),
            new ReduceCases(),
            new PermuteCases(),
            new CopyCases(),
            new PReluCases(),
            new EmbeddingCases(),
            new LstmCases(),
            new GruCases(),
            new RnnCases(),
            new DropoutCases());

    MixedCases() {
        super(MixedSpec.class);
    }

    private static Family<?> family(MixedSpec spec) {
        return FLOAT.stream()
                .filter(family -> family.type.isInstance(spec.of()))
                .findFirst()
                .orElseThrow();
    }

    @Override
    List<MixedSpec> specs(SplittableRandom random) {
        List<MixedSpec> specs = new ArrayList<>();
        for (Family<?> family : FLOAT) {
            List<? extends Spec> quick = family.specs(random).stream()
                    .filter(spec -> Math.max(spec.flops() / 2, spec.bytes() / 4) <= MOST_WORK)
                    .toList();
            for (int i = 0; i < CASES_OF_EACH; i++) {
                Spec spec = quick.get(i * quick.size() / CASES_OF_EACH);
                specs.add(new MixedSpec(spec, i % 4 == 3 ? DType.F16 : DType.BF16));
                if (spec instanceof GemmSpec || spec instanceof ReduceSpec) {
                    specs.add(new MixedSpec(spec, i % 4 == 2 ? DType.F16 : DType.BF16, true));
                }
            }
        }
        return specs;
    }

    @Override
    boolean exactable(MixedSpec spec) {
        return family(spec).anyExactable(spec.of());
    }

    @Override
    boolean manyZeros(String output) {
        return output.equals("indices");
    }

    @Override
    Inputs inputs(MixedSpec spec, boolean exact, SplittableRandom random) {
        return rounded(spec, family(spec).anyInputs(spec.of(), exact, random));
    }

    @Override
    boolean takesSpecials(MixedSpec spec, String input) {
        return family(spec).anyTakesSpecials(spec.of(), input);
    }

    @Override
    MixedSpec forwardOf(MixedSpec spec) {
        Spec forward = family(spec).anyForwardOf(spec.of());
        return forward == null ? null : new MixedSpec(forward, spec.storage(), spec.wide());
    }

    @Override
    Map<String, Expected> expected(MixedSpec spec, Inputs inputs) {
        Map<String, Expected> expected = new LinkedHashMap<>();
        // Special values are put in after the rounding: they are rounded here, as the run does.
        Inputs read = rounded(spec, inputs);
        family(spec).anyExpected(spec.of(), read, spec.storage()).forEach((name, output) -> {
            boolean narrow = operand(spec, name).type() == spec.storage();
            expected.put(name, narrow ? narrowed(spec.storage(), output) : output);
        });
        return expected;
    }

    private static Operand operand(MixedSpec spec, String name) {
        return spec.operands().stream()
                .filter(operand -> operand.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Inputs rounded(MixedSpec spec, Inputs inputs) {
        Inputs rounded = inputs;
        for (Operand operand : spec.operands()) {
            if (operand.type() == spec.storage() && inputs.has(operand.name())) {
                double[] values = inputs.get(operand.name()).clone();
                for (int i = 0; i < values.length; i++) {
                    values[i] = rounded(spec.storage(), values[i]);
                }
                rounded = rounded.with(operand.name(), values);
            }
        }
        return rounded;
    }

    private static double rounded(DType storage, double value) {
        return R64Sums.stored(storage, value);
    }

    private static Expected narrowed(DType storage, Expected wide) {
        double[] value = wide.value().clone();
        double[] tolerance = wide.tolerance().clone();
        double[] reach =
                wide.reach() == null ? new double[value.length] : wide.reach().clone();
        for (int i = 0; i < value.length; i++) {
            if (tolerance[i] <= 0) {
                value[i] = rounded(storage, value[i]);
                continue;
            }
            double farthest = Math.abs(value[i]) + tolerance[i];
            tolerance[i] += halfUnit(storage, farthest);
            if (Double.isFinite(farthest) && Double.isInfinite(rounded(storage, farthest))) {
                reach[i] = Double.MAX_VALUE;
            }
        }
        return new Expected(value, tolerance, reach);
    }

    /** Half the distance of neighbouring numbers: bfloat16 has 8 bits from 2^-126 on, binary16 has 11 from 2^-14 on. */
    private static double halfUnit(DType storage, double magnitude) {
        int bits = storage == DType.BF16 ? 8 : 11;
        int least = storage == DType.BF16 ? -126 : -14;
        int exponent = Double.isFinite(magnitude) ? Math.max(least, Math.getExponent(magnitude)) : least;
        return Math.scalb(1.0, exponent - bits);
    }
}
