package io.gatun.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.gatun.bindings.cudart.CudaRt;
import io.gatun.cuda.runtime.CudaContextLostException;
import io.gatun.cuda.runtime.CudaEvent;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.cuda.runtime.CudaRuntime.Copy;
import io.gatun.cuda.runtime.CudaStream;
import io.gatun.cuda.runtime.GraphExec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The fake runtime keeps the promises of CUDA's that the backend relies on, and breaks none silently. */
@RequiresEmulation
class EmulatedRuntimeTest {
    private static final MemorySegment NONE = MemorySegment.NULL;

    private Probes probes;

    @BeforeEach
    void open() {
        EmulatedDevice.reset();
        EmulatedDevice.set("QUIET", "1");
        probes = new Probes();
    }

    @AfterEach
    void close() {
        EmulatedDevice.reset();
        probes.close();
    }

    private MemorySegment stream() {
        return MemorySegment.ofAddress(probes.stream.handle());
    }

    @SuppressWarnings("restricted")
    private static MemorySegment pinned(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    @Test
    void withoutSynchronisationTheHostReadsOldBytes() {
        EmulatedDevice.set("ASYNC", "1");
        long device = probes.malloc(64);
        long host = probes.runtime.hostMalloc(64);
        int early = 0;
        for (byte round = 1; round <= 20; round++) {
            probes.runtime.memsetAsync(device, round, 64, probes.stream.handle());
            probes.copy(host, device, 64, Copy.DEVICE_TO_HOST);
            early += pinned(host, 64).get(JAVA_BYTE, 0) == round ? 1 : 0;
            probes.stream.synchronize();
            assertThat(pinned(host, 64).get(JAVA_BYTE, 63)).isEqualTo(round);
        }
        assertThat(early).isLessThan(10);
        probes.runtime.hostFree(host);
    }

    @Test
    void pageableBytesAreTakenAtTheCallAndPinnedOnesLater() {
        EmulatedDevice.set("ASYNC", "1");
        long pinned = probes.runtime.hostMalloc(4);
        MemorySegment pageable = probes.arena.allocate(4);
        MemorySegment[] hosts = {pageable, pinned(pinned, 4)};
        int late = 0;
        for (int round = 0; round < 20; round++) {
            for (MemorySegment host : hosts) {
                long device = probes.malloc(4);
                host.set(JAVA_INT, 0, 1);
                probes.copy(device, host.address(), 4, Copy.HOST_TO_DEVICE);
                host.set(JAVA_INT, 0, 2);
                int got = probes.ints(device, 1)[0];
                if (host == pageable) {
                    assertThat(got).isEqualTo(1);
                } else {
                    late += got == 2 ? 1 : 0;
                }
            }
        }
        assertThat(late).isGreaterThan(10);
        probes.runtime.hostFree(pinned);
    }

    @Test
    void anEventOrdersTwoStreams() {
        EmulatedDevice.set("ASYNC", "1");
        long x = probes.upload(1f, 2f, 3f);
        long y = probes.malloc(12);
        long host = probes.runtime.hostMalloc(12);
        try (CudaStream other = new CudaStream(probes.runtime);
                CudaEvent scaled = new CudaEvent(probes.runtime, true)) {
            for (int round = 1; round <= 20; round++) {
                probes.launch("gatun_probe_scale", 1, 32, y, x, (float) round, 3L);
                scaled.record(probes.stream);
                other.await(scaled);
                probes.runtime.copyAsync(host, y, 12, Copy.DEVICE_TO_HOST, other.handle());
                other.synchronize();
                assertThat(pinned(host, 12).getAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, 2))
                        .isEqualTo(3f * round);
            }
        }
        probes.runtime.hostFree(host);
    }

    @Test
    void aCapturedGraphRunsWhenItIsLaunched() {
        long x = probes.upload(1f, 2f);
        long y = probes.malloc(8);
        MemorySegment pointer = probes.arena.allocate(ADDRESS);
        probes.function("gatun_probe_scale");
        assertThat(CudaRt.cudaStreamBeginCapture(stream(), 0)).isZero();
        probes.launch("gatun_probe_scale", 1, 32, y, x, 2f, 2L);
        probes.launch("gatun_probe_scale", 1, 32, x, y, 3f, 2L);
        assertThat(CudaRt.cudaStreamEndCapture(stream(), pointer)).isZero();
        MemorySegment graph = pointer.get(ADDRESS, 0);
        assertThat(probes.floats(x, 2)).containsExactly(1f, 2f);
        assertThat(CudaRt.cudaGraphInstantiate(pointer, graph, 0)).isZero();
        MemorySegment executable = pointer.get(ADDRESS, 0);
        assertThat(CudaRt.cudaGraphDestroy(graph)).isZero();
        for (int i = 0; i < 2; i++) {
            assertThat(CudaRt.cudaGraphLaunch(executable, stream())).isZero();
        }
        assertThat(probes.floats(x, 2)).containsExactly(36f, 72f);
        assertThat(EmulatedDevice.launches("gatun_probe_scale")).isEqualTo(4);
        assertThat(EmulatedDevice.calls("cudaGraphLaunch")).isEqualTo(2);
        assertThat(EmulatedDevice.calls("cudaLaunchKernel")).isEqualTo(2);
        assertThat(CudaRt.cudaGraphExecDestroy(executable)).isZero();
        assertThat(CudaRt.cudaGraphLaunch(executable, stream())).isEqualTo(400);
    }

    @Test
    void whatACaptureForbidsVoidsIt() throws IOException {
        MemorySegment pointer = probes.arena.allocate(ADDRESS);
        MemorySegment one = probes.size(1);
        MemorySegment ptx = probes.arena.allocateFrom(ptx());
        assertThat(CudaRt.cudaLibraryLoadData(pointer, ptx, NONE, NONE, 0, NONE, NONE, 0))
                .isZero();
        MemorySegment library = pointer.get(ADDRESS, 0);
        assertThat(CudaRt.cudaLibraryGetKernel(pointer, library, probes.arena.allocateFrom("gatun_probe_write")))
                .isZero();
        // CUDA brings a kernel to the device when it is first needed.
        MemorySegment unloaded = pointer.get(ADDRESS, 0);
        Runnable[] forbidden = {
            () -> CudaRt.cudaMalloc(pointer, 64),
            () -> CudaRt.cudaDeviceSynchronize(),
            () -> CudaRt.cudaStreamSynchronize(stream()),
            () -> CudaRt.cudaMemset(NONE, 0, 0),
            () -> CudaRt.cudaLibraryLoadData(pointer, ptx, NONE, NONE, 0, NONE, NONE, 0),
            () -> CudaRt.cudaLaunchKernel(unloaded, one, one, NONE, 0, stream()),
        };
        for (Runnable call : forbidden) {
            assertThat(CudaRt.cudaStreamBeginCapture(stream(), 0)).isZero();
            call.run();
            assertThat(CudaRt.cudaGetLastError()).isEqualTo(900);
            assertThat(CudaRt.cudaStreamEndCapture(stream(), pointer)).isEqualTo(901);
            assertThat(pointer.get(ADDRESS, 0)).isEqualTo(NONE);
            assertThat(CudaRt.cudaStreamSynchronize(stream())).isZero();
        }
        assertThat(CudaRt.cudaLibraryUnload(library)).isZero();
    }

    @Test
    void aCaptureThatCameToNothingLeavesNoErrorBehind() {
        Runnable work = () -> {
            assertThat(CudaRt.cudaDeviceSynchronize()).isEqualTo(900);
            throw new ArithmeticException("whatever the work may throw");
        };
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> GraphExec.capture(probes.runtime, probes.stream, "a step", work));
        assertThat(CudaRt.cudaGetLastError()).isZero();
        probes.stream.synchronize();
    }

    private static String ptx() throws IOException {
        return Files.readString(Emulation.repository().resolve("native/src/test/cuda/kernels/probes.ptx"));
    }

    @Test
    void aStreamThatJoinsACaptureMustBeWaitedFor() {
        long y = probes.malloc(4);
        MemorySegment pointer = probes.arena.allocate(ADDRESS);
        try (CudaStream other = new CudaStream(probes.runtime);
                CudaEvent fork = new CudaEvent(probes.runtime, false);
                CudaEvent join = new CudaEvent(probes.runtime, false)) {
            for (boolean joined : new boolean[] {true, false}) {
                assertThat(CudaRt.cudaStreamBeginCapture(stream(), 0)).isZero();
                fork.record(probes.stream);
                other.await(fork);
                probes.runtime.memsetAsync(y, 0, 4, other.handle());
                if (joined) {
                    join.record(other);
                    probes.stream.await(join);
                }
                assertThat(CudaRt.cudaStreamEndCapture(stream(), pointer)).isEqualTo(joined ? 0 : 904);
                if (joined) {
                    assertThat(probes.floats(y, 1)).containsExactly(Float.NaN);
                    assertThat(CudaRt.cudaGraphDestroy(pointer.get(ADDRESS, 0))).isZero();
                }
            }
        }
    }

    @Test
    void callsFailWhereTheyAreTold() {
        EmulatedDevice.fail("cudaMalloc", 2, 2);
        probes.malloc(64);
        assertThat(probes.runtime.malloc(64)).isZero();
        long y = probes.malloc(256);
        EmulatedDevice.fail("cudaLaunchKernel", 1, 1);
        assertThatExceptionOfType(CudaException.class)
                .isThrownBy(() -> probes.launch("gatun_probe_write", 1, 64, y, 0L))
                .isNotInstanceOf(CudaContextLostException.class);
        assertThat(CudaRt.cudaGetLastError()).isZero();
        probes.launch("gatun_probe_write", 1, 64, y, 0L);
        EmulatedDevice.fail("cudaLaunchKernel", 1, 719);
        assertThatExceptionOfType(CudaContextLostException.class)
                .isThrownBy(() -> probes.launch("gatun_probe_write", 1, 64, y, 0L));
        assertThat(CudaRt.cudaDeviceSynchronize()).isEqualTo(719);
    }

    @Test
    void aThreadThatUsedAnotherDeviceComesBackToItsOwn() {
        EmulatedDevice.set("DEVICES", "2");
        long y = probes.malloc(256);
        CudaRuntime other = new CudaRuntime(1);
        try (CudaStream there = new CudaStream(other);
                CudaEvent here = new CudaEvent(probes.runtime, false)) {
            other.memoryInfo();
            probes.launch("gatun_probe_write", 1, 64, y, 0L);
            other.memoryInfo();
            here.record(probes.stream);
            assertThatExceptionOfType(CudaException.class)
                    .isThrownBy(() -> here.record(there))
                    .satisfies(e -> assertThat(e.code()).isEqualTo(400));
        }
        MemorySegment kernel =
                MemorySegment.ofAddress(probes.function("gatun_probe_write").handle());
        MemorySegment one = probes.size(1);
        assertThat(CudaRt.cudaSetDevice(1)).isZero();
        assertThat(CudaRt.cudaLaunchKernel(kernel, one, one, NONE, 0, stream())).isEqualTo(400);
        probes.stream.synchronize();
    }

    @Test
    void memoryEndsAtItsLimit() {
        long before = EmulatedDevice.liveBytes();
        EmulatedDevice.set("MEMORY", Long.toString(before + (1 << 20)));
        assertThat(probes.runtime.memoryInfo().free()).isEqualTo(1 << 20);
        assertThat(probes.runtime.malloc((1 << 20) + 1)).isZero();
        long all = probes.runtime.malloc(1 << 20);
        assertThat(all).isNotZero();
        assertThat(probes.runtime.malloc(1)).isZero();
        assertThat(EmulatedDevice.liveBytes()).isEqualTo(before + (1 << 20));
        probes.runtime.free(all);
        assertThat(EmulatedDevice.liveBytes()).isEqualTo(before);
    }

    @Test
    void copiesStayWithinTheirSides() {
        long device = probes.malloc(64);
        long host = probes.arena.allocate(128).address();
        assertRefused(device, host, 65, Copy.HOST_TO_DEVICE);
        assertRefused(device + 60, host, 8, Copy.HOST_TO_DEVICE);
        assertRefused(host, device, 64, Copy.HOST_TO_DEVICE);
        assertRefused(device, host, 64, Copy.DEVICE_TO_DEVICE);
        long freed = probes.runtime.malloc(64);
        probes.runtime.free(freed);
        assertRefused(freed, host, 64, Copy.HOST_TO_DEVICE);
        assertThatExceptionOfType(CudaException.class).isThrownBy(() -> probes.runtime.free(freed));
    }

    private void assertRefused(long to, long from, long bytes, Copy direction) {
        assertThatExceptionOfType(CudaException.class)
                .isThrownBy(() -> probes.copy(to, from, bytes, direction))
                .satisfies(e -> assertThat(e.code()).isEqualTo(1));
    }

    @Test
    void machinesWithoutADriverOrADeviceSaySo() {
        MemorySegment count = probes.arena.allocate(JAVA_INT);
        assertThat(CudaRt.cudaGetDeviceCount(count)).isZero();
        assertThat(count.get(JAVA_INT, 0)).isEqualTo(1);
        EmulatedDevice.set("DRIVER", "none");
        assertThat(CudaRt.cudaGetDeviceCount(count)).isEqualTo(35);
        assertThat(CudaRt.cudaDriverGetVersion(count)).isZero();
        assertThat(count.get(JAVA_INT, 0)).isZero();
        EmulatedDevice.set("DRIVER", "old");
        assertThat(CudaRt.cudaMalloc(probes.arena.allocate(ADDRESS), 4)).isEqualTo(35);
        EmulatedDevice.set("DRIVER", "nodevice");
        assertThat(CudaRt.cudaGetDeviceCount(count)).isEqualTo(100);
    }

    @Test
    void anOldPtxIsRefused() throws IOException {
        String ptx = ptx();
        String parameter = ".param .f32 gatun_probe_scale_param_2";
        assertThat(ptx).contains(parameter);
        String[] stale = {
            ptx.replace(parameter, parameter.replace(".f32", ".u32")),
            ptx.replace(parameter, parameter.replace(".f32", ".u64")),
            ptx.replace(parameter + ",", ""),
        };
        for (String text : stale) {
            MemorySegment pointer = probes.arena.allocate(ADDRESS);
            assertThat(CudaRt.cudaLibraryLoadData(
                            pointer, probes.arena.allocateFrom(text), NONE, NONE, 0, NONE, NONE, 0))
                    .isZero();
            MemorySegment library = pointer.get(ADDRESS, 0);
            MemorySegment kernel = probes.arena.allocate(JAVA_LONG);
            assertThat(CudaRt.cudaLibraryGetKernel(kernel, library, probes.arena.allocateFrom("gatun_probe_scale")))
                    .isEqualTo(218);
            assertThat(EmulatedDevice.message()).contains("gatun_probe_scale", "compile the PTX anew");
            assertThat(CudaRt.cudaLibraryUnload(library)).isZero();
        }
    }

    @Test
    void everythingThatIsClosedIsGone() {
        long objects = EmulatedDevice.liveObjects();
        long bytes = EmulatedDevice.liveBytes();
        try (Probes more = new Probes()) {
            more.upload(1f, 2f);
            assertThat(EmulatedDevice.liveObjects()).isEqualTo(objects + 2);
            assertThat(EmulatedDevice.liveBytes()).isEqualTo(bytes + 512);
        }
        assertThat(EmulatedDevice.liveObjects()).isEqualTo(objects);
        assertThat(EmulatedDevice.liveBytes()).isEqualTo(bytes);
    }
}
