package io.gatun.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.gatun.memory.NativeMemory;
import io.gatun.memory.ResidentMemory;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceBackend;
import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.Direction;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.Spec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The dispatch point, with the reference and {@link PickyBackend} on the path. */
class KernelsTest {
    private static final GemmSpec GEMM = GemmSpec.of(2, 3, 4);

    private static Kernels open(String backend, int threads, Backend... more) {
        List<Backend> backends = new ArrayList<>(List.of(new ReferenceBackend(), new PickyBackend()));
        backends.addAll(List.of(more));
        return new Kernels(Preference.of(backend), threads, NativeMemory.standard(), backends);
    }

    /** Finds no library. */
    private record Unavailable(String name) implements Backend {
        @Override
        public Session open(Workers workers) {
            throw new NativeUnavailableException("libnothing.so is not here");
        }
    }

    @Test
    void aBackendThatCannotOpenIsPassedOverUnlessItWasDemanded() {
        Backend broken = new Unavailable("onednn");
        try (Kernels kernels = open("auto", 1, broken)) {
            assertThat(kernels.plan(GemmSpec.of(100, 100, 100)).backend()).isEqualTo("reference");
            assertThat(kernels.explain(GemmSpec.of(100, 100, 100)))
                    .asString()
                    .contains("onednn: refused, libnothing.so is not here");
            assertThat(kernels.describe()).containsEntry("onednn", List.of("not used: libnothing.so is not here"));
        }
        assertThatExceptionOfType(NativeUnavailableException.class)
                .isThrownBy(() -> open("onednn", 1, broken))
                .withMessage("backend onednn was demanded and cannot be used: libnothing.so is not here");
    }

    /** Its sessions say when they are closed, and may fail then. */
    private record Closing(String name, boolean fails, List<String> closed) implements Backend {
        @Override
        public Session open(Workers workers) {
            return new Session() {
                @Override
                public Offer offer(Spec spec) {
                    return Offer.refused("it only closes");
                }

                @Override
                public List<String> describe() {
                    return List.of();
                }

                @Override
                public void close() {
                    closed.add(name);
                    if (fails) {
                        throw new IllegalStateException(name + " would not close");
                    }
                }
            };
        }
    }

    @Test
    void allSessionsAreClosedAlsoBehindOneThatFailsToAndWhereABackendThrows() {
        List<String> closed = new ArrayList<>();
        List<Backend> backends = List.of(new Closing("reference", true, closed), new Closing("simd", false, closed));
        Kernels kernels = new Kernels(Preference.of("auto"), 2, NativeMemory.standard(), backends);
        assertThatIllegalStateException().isThrownBy(kernels::close).withMessage("reference would not close");
        assertThat(closed).containsExactly("reference", "simd");

        closed.clear();
        Backend throwing = new Backend() {
            @Override
            public String name() {
                return "onednn";
            }

            @Override
            public Session open(Workers workers) {
                throw new IllegalArgumentException("a property of mine is wrong");
            }
        };
        List<Backend> withThrowing = List.of(backends.get(0), backends.get(1), throwing);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Kernels(Preference.of("auto"), 2, NativeMemory.standard(), withThrowing))
                .withMessage("a property of mine is wrong")
                .satisfies(e -> assertThat(e.getSuppressed()).singleElement().satisfies(second -> assertThat(second)
                        .hasMessage("reference would not close")));
        assertThat(closed).containsExactly("reference", "simd");
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(t -> t.getName().startsWith("gatun-worker") && t.isAlive());
    }

    @Test
    void anUnknownBackendIsAnsweredWithTheKnownOnes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Kernels.open("cuda13", 1))
                .withMessage("unknown backend 'cuda13'; known are auto, onednn, simd, reference, cuda");
    }

    @Test
    void aDemandedBackendThatIsNotThereIsAnError() {
        assertThatExceptionOfType(NativeUnavailableException.class)
                .isThrownBy(() -> Kernels.open("onednn", 1))
                .withMessage("backend onednn was demanded and cannot be used: no such backend is on the path");
    }

    @Test
    void theFirstOfferWinsAndIsRemembered() {
        try (Kernels kernels = open("simd", 3)) {
            assertThat(kernels.threads()).isEqualTo(3);
            assertThat(kernels.preference()).isEqualTo("simd");
            Plan plan = kernels.plan(GEMM);
            assertThat(plan.backend()).isEqualTo("reference");
            assertThat(plan.spec()).isEqualTo(GEMM);
            assertThat(plan).hasToString("gemm f32 m=2 n=3 k=4 -> reference:gemm");
            assertThat(kernels.plan(GemmSpec.of(2, 3, 4))).isSameAs(plan);
            assertThat(kernels.plan(new AxpbySpec(5, 1, 0)).backend()).isEqualTo("simd");
        }
    }

    @Test
    void explainAsksAllAndListsEveryReason() {
        try (Kernels kernels = open("simd", 1)) {
            Choice choice = kernels.explain(GEMM);
            assertThat(choice.chosen()).isEqualTo("reference:gemm");
            assertThat(choice).hasToString("""
                gemm f32 m=2 n=3 k=4
                  simd: refused, only axpby here
                  reference: reference:gemm\
                """);
            assertThat(kernels.explain(new AxpbySpec(5, 1, 0)).answers())
                    .extracting(Choice.Answer::backend)
                    .containsExactly("simd", "reference");
            assertThat(kernels.describe()).containsEntry("simd", List.of("a backend of the tests"));
        }
    }

    @Test
    void ifAllRefuseEveryReasonIsListed() {
        try (Kernels kernels = open("simd", 1)) {
            Plan forward = kernels.plan(new AxpbySpec(5, 1, 0));
            assertThatExceptionOfType(NoKernelException.class)
                    .isThrownBy(() -> kernels.plan(GEMM, forward))
                    .withMessage("no kernel for gemm f32 m=2 n=3 k=4\n  simd: refused, only axpby here");
        }
    }

    /** A workspace is understood by the implementation that wrote it, so backward follows forward. */
    @Test
    void backwardComesFromTheBackendOfItsForward() {
        try (Kernels kernels = open("simd", 1)) {
            Plan forward = kernels.plan(new LstmSpec(Pass.TRAINING, 2, 2, 2, 2));
            Plan backward = kernels.plan(new LstmSpec(Pass.BACKWARD, 2, 2, 2, 2), forward);
            assertThat(backward.backend()).isEqualTo(forward.backend());
            assertThat(kernels.plan(new LstmSpec(Pass.BACKWARD, 2, 2, 2, 2), forward))
                    .isSameAs(backward);
            AxpbySpec axpby = new AxpbySpec(9, 1, 0);
            assertThat(kernels.plan(axpby).backend()).isEqualTo("simd");
            assertThat(kernels.plan(axpby, forward).backend()).isEqualTo("reference");
        }
    }

    @Test
    void manyOpenAndCloseLeaveNoThread() {
        for (int i = 0; i < 20; i++) {
            Kernels kernels = Kernels.open("auto", 4);
            kernels.plan(GEMM);
            kernels.close();
            kernels.close();
        }
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(t -> t.getName().startsWith("gatun-worker") && t.isAlive());
    }

    /** 10,000 distinct shapes, planned and run: under 64 MiB more of resident memory. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void manyShapesCostLittle() throws IOException {
        try (Kernels kernels = Kernels.open("reference", 1);
                Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(4 * 12_000, 64);
            MemorySegment y = arena.allocate(4 * 12_000, 64);
            shapes(kernels, x, y, 0, 1_000);
            long before = ResidentMemory.bytes();
            shapes(kernels, x, y, 1_000, 11_000);
            assertThat(ResidentMemory.bytes() - before).isLessThan(64 << 20);
            assertThat(kernels.plans()).as("bounded, whatever comes").hasSizeLessThanOrEqualTo(4_096);
        }
    }

    private static void shapes(Kernels kernels, MemorySegment x, MemorySegment y, int from, int to) {
        for (int count = from; count < to; count++) {
            kernels.plan(new ActivationSpec(Direction.FORWARD, Activation.RELU, count))
                    .run(x, y);
        }
    }
}
