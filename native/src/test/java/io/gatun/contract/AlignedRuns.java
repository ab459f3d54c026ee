package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.SplittableRandom;

/** Problems run on chosen addresses and compared with their family's oracle. */
final class AlignedRuns {
    private final Family<?> family;
    private final Plan plan;
    private final Plan forward;
    private final Inputs inputs;
    private final Map<String, Expected> expected;

    /** The problem on a backend, which must take it, with plain data or integers that make the result exact. */
    AlignedRuns(Kernels kernels, Spec spec, boolean exact, SplittableRandom random) {
        this(kernels, spec, Families.of(spec).anyInputs(spec, exact, random));
    }

    /** With this data. */
    AlignedRuns(Kernels kernels, Spec spec, Inputs inputs) {
        this(kernels, "cuda", spec, inputs);
    }

    /** On one of several backends that the kernels ask. */
    AlignedRuns(Kernels kernels, String backend, Spec spec, Inputs inputs) {
        this.family = Families.of(spec);
        Spec before = family.anyForwardOf(spec);
        this.forward = before == null ? null : kernels.plan(before);
        this.plan = forward == null ? kernels.plan(spec) : kernels.plan(spec, forward);
        assertThat(plan.backend()).isEqualTo(backend);
        this.inputs = inputs;
        this.expected = family.anyExpected(spec, inputs);
    }

    /** With every buffer at an address of 64 bytes, where loads of 16 bytes are allowed: what is wrong, or null. */
    String aligned(double looseness) {
        try (Arena arena = Arena.ofConfined()) {
            Run.Allocator allocator = (bytes, operand) -> new Run.Placed(arena.allocate(bytes, 64), null);
            Run before = forward == null ? null : new Run(forward, inputs, null, allocator).execute();
            return new Run(plan, inputs, before, allocator).execute().wrong(expected, looseness);
        }
    }

    /** The same element by element, between canaries. */
    String guarded(double looseness) {
        try (Arena arena = Arena.ofConfined()) {
            Run before = forward == null ? null : new Run(arena, forward, inputs, 0, null).execute();
            return new Run(arena, plan, inputs, 0, before).execute().wrong(expected, looseness);
        }
    }
}
