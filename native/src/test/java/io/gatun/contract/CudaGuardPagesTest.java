package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.RequiresEmulation;
import io.gatun.cuda.runtime.CudaContextLostException;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.NoKernelException;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.memory.Place;
import io.gatun.spec.QuantizeSpec;
import io.gatun.spec.QuantizedConvSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operand of a CUDA kernel beside an inaccessible page of the emulated device: who reads or writes one byte outside
 * loses the context, and the emulator names kernel and thread. In this package for its oracles.
 */
@RequiresEmulation
class CudaGuardPagesTest {
    /** A multiple of the pages of the machine and of the units in which the backend asks CUDA for small blocks. */
    private static final long PAGE = 4096;

    private static final long WIDE = 16;

    /** Bytes, and about operations, that one run may take. */
    private static final double LARGE = 2e6;

    /** Families without a CUDA kernel. */
    private static final Set<Class<? extends Spec>> REFUSED = Set.of(QuantizeSpec.class, QuantizedConvSpec.class);

    /** Where an operand lies in its block. */
    private enum Where {
        /** Its end at the page behind, its start at no more than its elements' alignment. */
        END,
        /** Its start at a multiple of 16 bytes, its end at most 15 bytes before the page behind: loads of four at once. */
        WIDE_END,
        /** Its start at the page before it. */
        START;

        private Run.Placed place(Place place, long bytes, Operand operand) {
            long pages = Math.ceilDiv(Math.max(1, bytes), PAGE) * PAGE;
            MemorySegment block = place.allocate(pages, operand.name());
            long offset = this == START ? 0 : (pages - bytes) & -alignment(operand);
            return new Run.Placed(block.asSlice(offset, bytes), block);
        }

        private long alignment(Operand operand) {
            if (operand.access() == Operand.Access.WORKSPACE) {
                return 64;
            }
            return this == WIDE_END ? WIDE : operand.type().bytes();
        }
    }

    /** Small specs of each family. */
    @TestFactory
    Stream<DynamicTest> someStayWithinTheirBuffers() {
        return eachFamily(family -> every(4, KernelContract.small(family)));
    }

    /** Of each family a fifth of the contract's specs, but the largest. */
    @Tag("heavy")
    @TestFactory
    Stream<DynamicTest> staysWithinItsBuffers() {
        return eachFamily(family -> every(5, family.specs(new SplittableRandom(KernelContract.SEED))).stream()
                .filter(spec -> spec.bytes() < LARGE && spec.flops() < 4 * LARGE)
                .toList());
    }

    private static List<? extends Spec> every(int n, List<? extends Spec> specs) {
        return IntStream.range(0, specs.size())
                .filter(i -> i % n == 0)
                .mapToObj(specs::get)
                .toList();
    }

    private static Stream<DynamicTest> eachFamily(Function<Family<?>, List<? extends Spec>> specs) {
        return Families.ALL.stream()
                .filter(family -> !REFUSED.contains(family.type))
                .map(family -> DynamicTest.dynamicTest(family.name(), () -> {
                    int ran = 0;
                    EmulatedDevice.reset();
                    EmulatedDevice.set("GUARD", "1");
                    try (Kernels kernels = Kernels.open("cuda", 1)) {
                        for (Spec spec : specs.apply(family)) {
                            ran += run(kernels, family, spec) ? 1 : 0;
                        }
                    } finally {
                        EmulatedDevice.reset(); // a lost context is the next test's no more
                    }
                    assertThat(ran).as("specs that ran").isPositive();
                }));
    }

    /** Whether there is a kernel; a spec that is refused is the contract's to count. */
    private static boolean run(Kernels kernels, Family<?> family, Spec spec) {
        Plan forward;
        Plan plan;
        try {
            Spec before = family.anyForwardOf(spec);
            forward = before == null ? null : kernels.plan(before);
            plan = forward == null ? kernels.plan(spec) : kernels.plan(spec, forward);
        } catch (NoKernelException e) {
            return false;
        }
        Inputs inputs = family.anyInputs(spec, false, new SplittableRandom(KernelContract.SEED));
        Map<String, Expected> expected = family.anyExpected(spec, inputs);
        for (Where where : Where.values()) {
            try (Arena arena = Arena.ofConfined()) {
                Run.Allocator here = (bytes, operand) -> new Run.Placed(arena.allocate(bytes, 64), null);
                Run before = forward == null ? null : new Run(forward, inputs, null, here).execute(where::place);
                assertThat(new Run(plan, inputs, before, here)
                                .execute(where::place)
                                .wrong(expected, 1))
                        .as("%s at its block's %s", spec, where)
                        .isNull();
            } catch (CudaContextLostException e) {
                throw new AssertionError(spec + " at its block's " + where + ": " + EmulatedDevice.message(), e);
            }
        }
        return true;
    }
}
