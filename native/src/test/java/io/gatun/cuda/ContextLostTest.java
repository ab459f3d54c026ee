package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.cuda.runtime.CudaContextLostException;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Offer;
import io.gatun.memory.Place;
import io.gatun.spec.AxpbySpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A faulting kernel: typed, sticky, without a call to CUDA afterwards, and of no consequence to the CPU. */
@RequiresEmulation
class ContextLostTest {
    private static final AxpbySpec SPEC = new AxpbySpec(64, 2, 0);

    private CudaSession session;
    private Place place;

    @BeforeEach
    void opens() {
        EmulatedDevice.set("QUIET", "1");
        session = new CudaSession(CudaContext.open());
        place = session.place();
    }

    @AfterEach
    void closes() {
        session.close();
        EmulatedDevice.forget();
    }

    private void runAt(long x, long y) {
        Offer.Taken taken = (Offer.Taken) session.offer(SPEC);
        taken.kernel().execute(new long[] {x, y, 0});
    }

    @Test
    void anIllegalAddressEndsTheContextAndNothingElse() {
        MemorySegment memory = place.allocate(256, "x");
        assertThatThrownBy(() -> {
                    runAt(64, 64);
                    place.synchronize();
                })
                .isInstanceOfSatisfying(CudaContextLostException.class, e -> {
                    assertThat(e.code()).isEqualTo(700);
                    assertThat(e.kernel()).isEqualTo("gatun_axpby_f32");
                })
                .hasMessageMatching(
                        "cuda:0 is lost for this process: cudaErrorIllegalAddress \\(700, .*\\), seen by cuda\\w+"
                                + " \\(.*\\) after gatun_axpby_f32 was launched; the CPU backends still work, the GPU"
                                + " needs a new process");
        long calls = EmulatedDevice.calls("");
        assertThat(calls).isPositive();
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(place::synchronize)
                    .isInstanceOf(CudaContextLostException.class)
                    .hasMessageContaining("after gatun_axpby_f32 was launched");
            assertThatThrownBy(() -> runAt(memory.address(), memory.address()))
                    .isInstanceOf(CudaContextLostException.class);
            assertThatThrownBy(() -> place.allocate(256, "y")).isInstanceOf(CudaContextLostException.class);
            assertThatThrownBy(() -> place.fill(memory, (byte) 1)).isInstanceOf(CudaContextLostException.class);
            assertThatThrownBy(() -> place.copy(memory, MemorySegment.ofArray(new byte[256])))
                    .isInstanceOf(CudaContextLostException.class);
        }
        place.free(memory);
        assertThat(EmulatedDevice.calls("")).isEqualTo(calls);
        assertThat(memory.scope().isAlive()).isFalse();
        theCpuWorks();
    }

    private static void theCpuWorks() {
        try (Kernels kernels = Kernels.open("auto", 1);
                Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(256).fill((byte) 0);
            x.set(ValueLayout.JAVA_FLOAT, 4, 3f);
            MemorySegment y = arena.allocate(256);
            kernels.plan(SPEC).run(x, y);
            assertThat(y.get(ValueLayout.JAVA_FLOAT, 4)).isEqualTo(6f);
        }
    }

    @Test
    void everyCallThatSeesAStickyErrorEndsTheContext() {
        int[] sticky = {214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 810, 911};
        for (int code : sticky) {
            EmulatedDevice.fail("cudaMemsetAsync", 1, code);
            MemorySegment memory = place.allocate(256, "x");
            assertThatThrownBy(() -> place.fill(memory, (byte) 1))
                    .isInstanceOfSatisfying(CudaContextLostException.class, e -> assertThat(e.code())
                            .isEqualTo(code))
                    .hasMessageContaining("(filling device memory) before a kernel was launched; ");
            assertThat(session.describe()).anyMatch(line -> line.contains("lost"));
            closes();
            opens();
        }
    }

    @Test
    void aKernelThatCannotBeCompiledIsNamedWhenItIsAskedFor() {
        EmulatedDevice.fail("cudaFuncGetAttributes", 1, 221);
        assertThatThrownBy(() -> session.offer(SPEC))
                .isInstanceOf(CudaException.class)
                .hasMessage(
                        "cuda:0: compiling kernel gatun_axpby_f32 of module pointwise: cudaFuncGetAttributes returned"
                                + " cudaErrorJitCompilerNotFound (221, PTX JIT compiler library not found); install the"
                                + " driver's libnvidia-ptxjitcompiler; a container gets it with"
                                + " NVIDIA_DRIVER_CAPABILITIES=compute,utility");
        assertThat(session.offer(SPEC)).isInstanceOf(Offer.Taken.class);
    }

    @Test
    void otherErrorsLeaveItUsable() {
        MemorySegment memory = place.allocate(256, "x");
        EmulatedDevice.fail("cudaLaunchKernel", 1, 701);
        assertThatThrownBy(() -> runAt(memory.address(), memory.address()))
                .isInstanceOfSatisfying(CudaException.class, e -> {
                    assertThat(e).isNotInstanceOf(CudaContextLostException.class);
                    assertThat(e.call()).isEqualTo("cudaLaunchKernel");
                    assertThat(e.error()).isEqualTo("cudaErrorLaunchOutOfResources");
                    assertThat(e.code()).isEqualTo(701);
                })
                .hasMessage("cuda:0: kernel gatun_axpby_f32 of module pointwise: cudaLaunchKernel returned"
                        + " cudaErrorLaunchOutOfResources (701, too many resources requested for launch)");
        place.fill(memory, (byte) 0);
        runAt(memory.address(), memory.address() + 256 - 64 * 4);
        place.synchronize();
        place.free(memory);
    }
}
