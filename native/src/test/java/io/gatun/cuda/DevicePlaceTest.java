package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.memory.NativeMemory;
import io.gatun.memory.NativeMemoryException;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.memory.ScratchPool;
import io.gatun.memory.StepSlab;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory of a device: copies, fills, reuse, the budget, debug mode, and what Java may not do with it. */
@RequiresEmulation
class DevicePlaceTest {
    private CudaContext context;
    private Place place;

    @BeforeEach
    void opens() {
        // Work waits until somebody waits for it, so a copy that does not is seen.
        EmulatedDevice.set("ASYNC", "1");
        context = CudaContext.open();
        place = context.place();
    }

    @AfterEach
    void closes() {
        context.close();
        assertThat(EmulatedDevice.check()).isZero();
        assertThat(EmulatedDevice.liveBytes()).isZero();
        assertThat(EmulatedDevice.liveObjects()).isZero();
        EmulatedDevice.reset();
    }

    private byte[] read(MemorySegment memory) {
        byte[] bytes = new byte[Math.toIntExact(memory.byteSize())];
        place.copy(memory, MemorySegment.ofArray(bytes));
        return bytes;
    }

    @Test
    void bytesGoThereAndBackFromEveryKindOfMemory() {
        int n = 1000;
        int[] numbers = IntStream.range(0, n).toArray();
        MemorySegment there = place.allocate(4L * n, "numbers");
        MemorySegment copy = place.allocate(4L * n, "copy");
        try (Arena confined = Arena.ofConfined()) {
            MemorySegment here = confined.allocateFrom(ValueLayout.JAVA_INT, numbers);
            for (MemorySegment from : new MemorySegment[] {here, MemorySegment.ofArray(numbers)}) {
                place.copy(from, there);
                place.copy(there, copy);
                MemorySegment back = confined.allocate(4L * n);
                place.copy(copy, back);
                assertThat(back.toArray(ValueLayout.JAVA_INT)).isEqualTo(numbers);
                int[] heap = new int[n];
                place.copy(copy, MemorySegment.ofArray(heap));
                assertThat(heap).isEqualTo(numbers);
                place.fill(copy, (byte) 0);
            }
        }
        assertThat(there.address() % 256).isZero();
        place.free(there);
        place.free(copy);
    }

    /** Through 4 MiB of pinned memory, again and again; what is not sent yet may not be written over. */
    @Test
    void copiesOfAllSizesArriveAndFewSmallOnesWait() {
        int[] sizes = {1 << 20, 100, (1 << 20) + 4, 4, 3 << 20, 1 << 19, (1 << 19) + 8, 60, 5 << 20};
        long[] places = new long[sizes.length + 1];
        for (int i = 0; i < sizes.length; i++) {
            places[i + 1] = places[i] + sizes[i];
        }
        MemorySegment there = place.allocate(places[sizes.length], "pieces");
        byte[] all = new byte[(int) places[sizes.length]];
        new Random(3).nextBytes(all);
        for (int i = 0; i < sizes.length; i++) {
            MemorySegment piece = MemorySegment.ofArray(all).asSlice(places[i], sizes[i]);
            place.copy(piece, there.asSlice(places[i], sizes[i]));
        }
        assertThat(read(there)).isEqualTo(all);
        long waits = EmulatedDevice.calls("cudaEventSynchronize");
        for (int i = 0; i < 1000; i++) {
            place.copy(MemorySegment.ofArray(new int[] {i}), there.asSlice(4L * i, 4));
        }
        assertThat(EmulatedDevice.calls("cudaEventSynchronize") - waits)
                .as("64 KB begin at most one slot")
                .isLessThanOrEqualTo(1);
        place.synchronize();
        for (int i = 0; i < 1000; i++) {
            all[4 * i] = (byte) i;
            all[4 * i + 1] = (byte) (i >> 8);
            all[4 * i + 2] = 0;
            all[4 * i + 3] = 0;
        }
        assertThat(read(there)).isEqualTo(all);
        place.free(there);
    }

    @Test
    void slicesAreFilledWithBytesAndFloats() {
        MemorySegment memory = place.allocate(40, "x");
        place.fill(memory, (byte) 1);
        place.fill(memory.asSlice(4, 8), 1.5f);
        place.fill(memory.asSlice(12, 4), 0f);
        place.fill(memory.asSlice(16, 4), -0f);
        place.fill(memory.asSlice(0, 0), 3f);
        float[] floats = new float[4];
        place.copy(memory.asSlice(4, 16), MemorySegment.ofArray(floats));
        assertThat(floats).containsExactly(1.5f, 1.5f, 0f, -0f);
        assertThat(read(memory.asSlice(0, 4))).containsOnly(1);
        assertThat(read(memory.asSlice(20))).containsOnly(1);
        assertThatThrownBy(() -> place.fill(memory.asSlice(2, 4), 1f)).isInstanceOf(IllegalArgumentException.class);
        place.free(memory);
    }

    @Test
    void javaCannotTouchItAndFreedMemoryIsClosed() {
        MemorySegment memory = place.allocate(64, "x");
        assertThat(Place.of(memory)).isSameAs(place);
        assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_INT, 0)).isInstanceOf(WrongThreadException.class);
        MemorySegment slice = memory.asSlice(16, 16);
        place.free(memory);
        assertThat(slice.scope().isAlive()).isFalse();
        assertThatThrownBy(() -> read(slice)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> place.fill(slice, (byte) 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> place.free(memory)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void wrongSidesAndSizesAreRefused() {
        MemorySegment memory = place.allocate(64, "x");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment small = arena.allocate(63);
            assertThatThrownBy(() -> place.copy(memory, small)).isInstanceOf(IndexOutOfBoundsException.class);
            MemorySegment constant = arena.allocate(64).asReadOnly();
            assertThatThrownBy(() -> place.copy(memory, constant)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> place.fill(small, (byte) 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("cannot fill memory of host on cuda:0");
        }
        place.free(memory);
    }

    @Test
    void freedBlocksAreUsedAgainWithoutCuda() {
        MemorySegment first = place.allocate(5000, "x");
        long address = first.address();
        place.free(first);
        long calls = EmulatedDevice.calls("cudaMalloc");
        for (int i = 0; i < 10; i++) {
            MemorySegment again = place.allocate(4900 + i, "y");
            assertThat(again.address()).isEqualTo(address);
            place.free(again);
        }
        assertThat(EmulatedDevice.calls("cudaMalloc")).isEqualTo(calls);
        assertThat(EmulatedDevice.calls("cudaFree")).isZero();
    }

    @Test
    void whatNobodyUsesIsGivenBackWhenCudaHasNoMore() {
        place.free(place.allocate(1 << 20, "x"));
        EmulatedDevice.fail("cudaMalloc", 1, 2);
        MemorySegment block = place.allocate(3 << 20, "y");
        assertThat(EmulatedDevice.calls("cudaFree")).isEqualTo(1);
        place.free(block);
    }

    @Test
    void theBudgetRefusesBeforeCudaIsAskedAndSaysTheNumbers() {
        long limit = place.budget().limit();
        try (ParameterScope scope = NativeMemory.of(place).parameters("model")) {
            scope.allocate(1000, "bias");
            long used = place.budget().used();
            assertThatThrownBy(() -> scope.allocate(limit, "weights"))
                    .isInstanceOfSatisfying(NativeMemoryException.class, e -> {
                        assertThat(e.asked()).isGreaterThanOrEqualTo(limit);
                        assertThat(e.used()).isEqualTo(used);
                        assertThat(e.limit()).isEqualTo(limit);
                    })
                    .hasMessageContaining("out of memory on cuda:0 for weights: asked ")
                    .hasMessageContaining("-Dgatun.cuda.memory.limit");
            assertThat(place.budget().used()).isEqualTo(used);
        }
        assertThat(place.budget().used()).isZero();
    }

    @Test
    void memoryThatOutlivesItsDeviceSaysSoAndIsClosedAsEver() {
        NativeMemory memory = NativeMemory.of(place);
        ParameterScope scope = memory.parameters("model");
        MemorySegment weights = scope.allocate(64, "weights");
        context.close();
        assertThatThrownBy(() -> Places.floats(weights))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("64 bytes were read after their memory was closed; copy what is needed before");
        assertThatThrownBy(() -> place.copy(MemorySegment.ofArray(new byte[64]), weights))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the CUDA context was closed; open the kernels again");
        scope.close();
        assertThat(place.budget().used()).isZero();
        assertThat(memory.leaks()).isEmpty();
        context = CudaContext.open();
        place = context.place();
    }

    @Test
    void whatCannotBeAllocatedWithinACaptureCountsNowhere() {
        NativeMemory memory = NativeMemory.of(place);
        try (ParameterScope scope = memory.parameters("model");
                StepSlab slab = memory.slab("step", 0);
                ScratchPool scratch = new ScratchPool(place.budget(), place)) {
            List<Runnable> requests = List.of(
                    () -> scope.allocate(4096, "weights"),
                    () -> slab.allocate(4096, "activations"),
                    () -> scratch.acquire(4096));
            for (Runnable request : requests) {
                assertThatThrownBy(() -> place.capture("a step", request))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageMatching(
                                "cannot allocate 4096 bytes for \\w+ while a step is captured on cuda:0: .*");
                assertThat(place.budget().used()).isZero();
            }
        }
    }

    @Test
    void aDeviceThatOthersFilledSaysWhatIsFree() {
        EmulatedDevice.fail("cudaMalloc", 1, 2);
        assertThatThrownBy(() -> place.allocate(4096, "weights"))
                .isInstanceOf(NativeMemoryException.class)
                .hasMessageMatching(
                        "out of memory on cuda:0 for weights: asked 4096 bytes, 0 of \\d+ in use, \\d+ free on"
                                + " the device; use a smaller batch or end what else uses it");
        place.free(place.allocate(4096, "weights"));
    }
}
