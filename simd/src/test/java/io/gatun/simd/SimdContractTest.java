package io.gatun.simd;

import io.gatun.contract.KernelContract;
import io.gatun.spec.AverageSpec;
import io.gatun.spec.CastSpec;
import io.gatun.spec.ClipNormSpec;
import io.gatun.spec.ExtremeSpec;
import io.gatun.spec.InverseDeviationSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.PaddingMaskSpec;
import io.gatun.spec.PowerSpec;
import io.gatun.spec.RowNumbersSpec;
import io.gatun.spec.RunningMomentsSpec;
import io.gatun.spec.Spec;
import java.lang.management.ManagementFactory;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;

/** All families but those in 16-bit storage, which are the GPU's; simd refuses a few whole, of which a step computes little. */
@Tag("widths")
@Tag("interpreter")
class SimdContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "simd";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return in32Bits(super.families());
    }

    /** Those that a CPU computes. */
    static Set<Class<? extends Spec>> in32Bits(Set<Class<? extends Spec>> all) {
        return all.stream()
                .filter(family -> family != MixedSpec.class && family != CastSpec.class)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The widest vectors take every spec, the two narrower widths the even ones and the odd ones. */
    @Override
    protected int every() {
        return narrower().isEmpty() ? 1 : 2;
    }

    @Override
    protected int from() {
        return narrower().equals("16") ? 1 : 0;
    }

    /** The bytes of a vector, where the run bounds them. */
    private static String narrower() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("-XX:MaxVectorSize="))
                .map(argument -> argument.substring(argument.indexOf('=') + 1))
                .findFirst()
                .orElse("");
    }

    @Override
    protected Set<Class<? extends Spec>> bitwiseEqualToReference() {
        return families();
    }

    @Override
    protected Set<Class<? extends Spec>> mustOffer() {
        Set<Class<? extends Spec>> scalar = Set.of(
                AverageSpec.class,
                ExtremeSpec.class,
                InverseDeviationSpec.class,
                PaddingMaskSpec.class,
                PowerSpec.class,
                RowNumbersSpec.class,
                RunningMomentsSpec.class,
                ClipNormSpec.class);
        return families().stream().filter(family -> !scalar.contains(family)).collect(Collectors.toSet());
    }

    @Override
    protected boolean sameBitsForAnyThreads() {
        return true;
    }
}
