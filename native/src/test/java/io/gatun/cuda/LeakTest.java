package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.gatun.cuda.runtime.CudaException;
import io.gatun.cuda.runtime.GraphExec;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.NativeMemoryException;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Upload;
import io.gatun.spec.AxpbySpec;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each call that makes something fails once, at each place where it is made: what was made before is given back. Not
 * cudaStreamEndCapture: where that fails CUDA has ended the capture, and the emulator, which was told to fail, has not.
 */
@RequiresEmulation
class LeakTest {
    private static final int INVALID_VALUE = 1;
    private static final int OUT_OF_MEMORY = 2;

    @AfterEach
    void forgets() {
        EmulatedDevice.forget();
    }

    /** Uses all there is once. */
    private static void session() {
        try (Kernels kernels = Kernels.open("cuda", 1);
                CudaContext context = CudaContext.open();
                ParameterScope scope = NativeMemory.of(context.place()).parameters("model");
                Upload upload = context.place().upload(scope.allocate(1024, "batch"), MemoryBudget.standard())) {
            MemorySegment x = scope.allocate(4000, "x");
            MemorySegment y = scope.allocate(4000, "y");
            context.place().fill(x, 3f);
            AxpbySpec spec = new AxpbySpec(1000, 2, 0);
            kernels.plan(spec).run(x, y);
            try (GraphExec graph =
                    context.capture("a step", () -> kernels.plan(spec).run(x, y))) {
                context.onStream(graph::launch);
                context.synchronize();
            }
            for (int i = 0; i < 3; i++) {
                upload.awaitHost();
                upload.host().fill((byte) i);
                upload.start();
                upload.use();
                context.place().copy(upload.memory(), y);
                upload.done();
            }
            float[] back = new float[1000];
            context.place().copy(y, MemorySegment.ofArray(back));
        }
    }

    private static void nothingIsLeft() {
        assertThat(EmulatedDevice.check()).isZero();
        assertThat(EmulatedDevice.liveBytes()).isZero();
        assertThat(EmulatedDevice.liveObjects()).isZero();
        assertThat(Place.of(MemorySegment.ofArray(new byte[1]))).isSameAs(Place.HOST);
    }

    @Test
    void aSessionLeavesNothing() {
        session();
        nothingIsLeft();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cudaDeviceGetAttribute",
                "cudaStreamCreateWithFlags",
                "cudaHostAlloc",
                "cudaMemGetInfo",
                "cudaMalloc",
                "cudaMemsetAsync",
                "cudaMemcpyAsync",
                "cudaLibraryLoadData",
                "cudaLibraryGetKernel",
                "cudaLaunchKernel",
                "cudaStreamBeginCapture",
                "cudaGraphInstantiate",
                "cudaGraphLaunch",
                "cudaEventCreateWithFlags",
                "cudaEventRecord",
                "cudaEventSynchronize",
                "cudaStreamWaitEvent",
                "cudaStreamSynchronize"
            })
    void afterAFailureNothingIsLeft(String call) {
        EmulatedDevice.reset();
        session();
        long times = EmulatedDevice.calls(call);
        assertThat(times).isPositive();
        for (long k = 1; k <= times; k++) {
            EmulatedDevice.reset();
            EmulatedDevice.set("QUIET", "1");
            int code = call.equals("cudaMalloc") ? OUT_OF_MEMORY : INVALID_VALUE;
            EmulatedDevice.fail(call, k, code);
            Throwable failure = catchThrowable(LeakTest::session);
            assertThat(failure).as(call + " " + k).isNotNull();
            if (code == OUT_OF_MEMORY) {
                assertThat(failure).isInstanceOf(NativeMemoryException.class);
            } else if (failure instanceof NativeUnavailableException) {
                assertThat(failure).as("while the context is opened").hasMessageContaining(call + " returned ");
            } else {
                assertThat(failure).as(call + " " + k).isInstanceOfSatisfying(CudaException.class, e -> {
                    assertThat(e.call()).isEqualTo(call);
                    assertThat(e.code()).isEqualTo(code);
                });
            }
            nothingIsLeft();
        }
    }
}
