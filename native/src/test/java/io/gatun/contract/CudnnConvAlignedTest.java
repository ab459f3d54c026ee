package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.Emulation;
import io.gatun.cuda.RequiresCuda;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Convolutions by the fake cuDNN at aligned addresses, which the contract never gives, in every type, and with which
 * engines; on a GPU by the real one, or by whoever takes them. In this package for its oracles.
 */
@RequiresCuda(vendor = true)
@Tag("heavy")
class CudnnConvAlignedTest {
    /** Factors that are cut to TF32 are off by 2^-10; the oracle allows 2^-19 of the terms' magnitudes. */
    private static final double TF32_LOOSENESS = 0x1p10 + 1;

    /** Those that break a promise, and spoil what they compute so that it shows. */
    private static final List<String> FORBIDDEN =
            List.of("cudnn nondeterministic", "cudnn large", "cudnn winograd", "cudnn reduced");

    private final SplittableRandom random = new SplittableRandom(KernelContract.SEED);

    private static final List<ConvSpec> PLAIN = List.of(
            ConvSpec.of(2, 5, 6, 16, 24, 3, 1, 1),
            ConvSpec.of(1, 7, 6, 8, 16, 3, 1, 0).withPadding(2, 0, 1, 3).withDilation(2, 1),
            ConvSpec.of(1, 6, 9, 3, 8, 5, 3, 2),
            ConvSpec.of(3, 4, 3, 8, 5, 1, 1, 0));

    private static final List<ConvSpec> GROUPED = List.of(
            ConvSpec.of(1, 5, 4, 16, 24, 3, 2, 1).withGroups(2).withDilation(1, 2),
            ConvSpec.of(2, 5, 6, 8, 16, 3, 1, 1).withGroups(8));

    private static final List<ConvSpec> FUSED = List.of(
            ConvSpec.of(2, 5, 6, 8, 24, 3, 1, 1).withBias(),
            ConvSpec.of(1, 6, 5, 8, 8, 3, 2, 1).withBias().withActivation(Activation.RELU),
            ConvSpec.of(1, 6, 5, 16, 8, 3, 2, 1).withActivation(Activation.RELU));

    @BeforeEach
    void reset() {
        EmulatedDevice.reset();
    }

    @AfterEach
    void clear() {
        System.clearProperty("gatun.cuda.tf32");
        for (String engine : FORBIDDEN) {
            assertLaunched(engine, false);
        }
    }

    /** Which a GPU does not count. */
    private static void assertLaunched(String engine, boolean expected) {
        if (!Emulation.onDevice()) {
            assertThat(EmulatedDevice.launches(engine) > 0).as(engine).isEqualTo(expected);
        }
    }

    private static List<Spec> specs(List<ConvSpec> forward, DType storage, ConvSpec.Direction... directions) {
        List<Spec> specs = new ArrayList<>();
        for (ConvSpec one : forward) {
            for (ConvSpec.Direction direction : directions) {
                specs.add(MixedSpec.of(one.with(direction), storage));
            }
        }
        return specs;
    }

    @Test
    void fp32() {
        check(specs(PLAIN, DType.F32, ConvSpec.Direction.values()), 1, "cudnn:conv engine 6");
        check(specs(FUSED, DType.F32, ConvSpec.Direction.values()), 1, "cudnn:conv engine 6");
        check(specs(GROUPED, DType.F32, ConvSpec.Direction.values()), 1, "cudnn:conv engine 0");
        assertLaunched("cudnn tensor", false);
        assertLaunched("cudnn float", true);
        assertLaunched("cudnn strict", true);
    }

    @Test
    void tf32WhereItIsAllowed() {
        System.setProperty("gatun.cuda.tf32", "true");
        check(specs(PLAIN, DType.F32, ConvSpec.Direction.values()), TF32_LOOSENESS, "cudnn:conv engine 3");
    }

    @Test
    void sixteenBits() {
        for (DType storage : List.of(DType.BF16, DType.F16)) {
            check(
                    specs(PLAIN, storage, ConvSpec.Direction.FORWARD, ConvSpec.Direction.BACKWARD_DATA),
                    1,
                    "cudnn:conv engine 3");
            check(
                    specs(GROUPED, storage, ConvSpec.Direction.FORWARD, ConvSpec.Direction.BACKWARD_DATA),
                    1,
                    "cudnn:conv engine 3");
        }
        check(specs(FUSED, DType.BF16, ConvSpec.Direction.FORWARD), 1, "cudnn:conv engine 7");
        check(
                specs(
                        List.of(PLAIN.getFirst(), PLAIN.get(1), FUSED.getFirst()),
                        DType.BF16,
                        ConvSpec.Direction.BACKWARD_WEIGHTS),
                1,
                "cudnn:conv engine 7");
    }

    private void check(List<Spec> specs, double looseness, String implementation) {
        List<String> wrong = new ArrayList<>();
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            for (Spec spec : specs) {
                Plan plan = kernels.plan(spec);
                if (!Emulation.onDevice()) {
                    assertThat(plan.backend())
                            .as(kernels.explain(spec).toString())
                            .isEqualTo("cudnn");
                    assertThat(plan.implementation()).as(spec.toString()).isEqualTo(implementation);
                }
                for (boolean exact : new boolean[] {true, false}) {
                    String difference = wrong(plan, exact, exact ? 1 : looseness);
                    if (difference != null) {
                        wrong.add(spec + (exact ? ", exact: " : ": ") + difference);
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    /** At aligned addresses, and at others, which are another engine's or our own kernel's. */
    private String wrong(Plan plan, boolean exact, double looseness) {
        Family<?> family = Families.of(plan.spec().getClass());
        Inputs inputs = family.anyInputs(plan.spec(), exact, random);
        Map<String, Expected> expected = family.anyExpected(plan.spec(), inputs);
        try (Arena arena = Arena.ofConfined()) {
            String wrong = new Run(
                            plan, inputs, null, (bytes, operand) -> new Run.Placed(arena.allocate(bytes, 64), null))
                    .execute()
                    .wrong(expected, looseness);
            int bytes = plan.operands().getFirst().type().bytes();
            int skew = exact ? 0 : 8 / bytes - 1; // a multiple of 8 is not one of 16
            return wrong != null
                    ? wrong
                    : new Run(arena, plan, inputs, skew, null).execute().wrong(expected, looseness);
        }
    }
}
