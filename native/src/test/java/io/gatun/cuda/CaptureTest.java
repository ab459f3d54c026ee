package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.cuda.kernels.Arg;
import io.gatun.cuda.kernels.CudaKernel;
import io.gatun.cuda.kernels.Grid;
import io.gatun.cuda.kernels.Recipe;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.cuda.runtime.GraphExec;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemoryException;
import io.gatun.memory.Place;
import io.gatun.memory.Replay;
import io.gatun.memory.Upload;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Recipes, captured and launched one by one; and the ring that feeds them. */
@RequiresCuda
class CaptureTest {
    private static final int N = 100;

    private CudaContext context;
    private Place place;
    private MemorySegment x;
    private MemorySegment y;

    @BeforeEach
    void opens() {
        EmulatedDevice.reset();
        EmulatedDevice.set("ASYNC", "1");
        context = CudaContext.open();
        place = context.place();
        x = place.allocate(4 * N, "x");
        y = place.allocate(4 * N, "y");
        place.fill(x, 1f);
        place.fill(y, 0f);
    }

    @AfterEach
    void closes() {
        context.close();
        if (!Emulation.onDevice()) {
            assertThat(EmulatedDevice.check()).isZero();
            assertThat(EmulatedDevice.liveBytes() + EmulatedDevice.liveObjects())
                    .isZero();
            EmulatedDevice.reset();
        }
    }

    private float[] read(MemorySegment memory) {
        float[] values = new float[N];
        place.copy(memory, MemorySegment.ofArray(values));
        return values;
    }

    private Recipe recipe() {
        return Recipe.of(context, "pointwise", "cuda:test");
    }

    /** y = a x + b y, through scratch. */
    private Kernel accumulate(float a, float b) {
        Kernel built = recipe().scratch(4 * N)
                .zero(Arg.scratch(0), 4 * N)
                .zero(Arg.scratch(0), 0)
                .launch(
                        "gatun_axpby_f32",
                        Grid.of(N, 32),
                        Arg.operand(0),
                        Arg.scratch(0),
                        Arg.i64(N),
                        Arg.f32(a),
                        Arg.f32(1))
                .launch(
                        "gatun_axpby_f32",
                        Grid.of(N, 32),
                        Arg.scratch(0),
                        Arg.operand(1),
                        Arg.i64(N),
                        Arg.f32(1),
                        Arg.f32(b))
                .build();
        return ((CudaKernel) built).of(new AxpbySpec(N, 1, 1));
    }

    @Test
    void aRecipeRunsItsStepsInOrderOnTheAddressesOfTheFrame() {
        Kernel kernel = accumulate(2, 1);
        MemorySegment scratch = place.allocate(kernel.scratchBytes(), "scratch");
        place.fill(scratch, Float.NaN);
        long[] frame = {x.address(), y.address(), scratch.address()};
        for (int i = 0; i < 3; i++) {
            kernel.execute(frame);
        }
        assertThat(read(y)).containsOnly(6);
        recipe().copy(Arg.operand(1, 4), Arg.operand(0), 8).build().execute(frame);
        assertThat(read(x)).startsWith(6, 6, 1);
        recipe().build().execute(frame);
    }

    @Test
    void aCaptureRunsNothingAndALaunchRunsAll() {
        Kernel kernel = accumulate(2, 1);
        MemorySegment scratch = place.allocate(kernel.scratchBytes(), "scratch");
        long[] frame = {x.address(), y.address(), scratch.address()};
        try (GraphExec step = context.capture("a step", () -> {
            kernel.execute(frame);
            kernel.execute(frame);
        })) {
            assertThat(read(y)).containsOnly(0);
            long launches = calls("cudaLaunchKernel");
            for (int i = 0; i < 3; i++) {
                context.onStream(step::launch);
            }
            assertThat(read(y)).containsOnly(12);
            assertThat(calls("cudaLaunchKernel")).isEqualTo(launches);
            assertThat(calls("cudaGraphLaunch")).isEqualTo(Emulation.onDevice() ? 0 : 3);
        }
    }

    /** Which a GPU does not count. */
    private static long calls(String function) {
        return Emulation.onDevice() ? 0 : EmulatedDevice.calls(function);
    }

    @Test
    void aFloatIsPutWhereTheNumberSaysWhenItRuns() {
        MemorySegment number = place.allocate(Long.BYTES, "number");
        MemorySegment value = y.asSlice(4, 4);
        // The step that is collected is the first that puts something anywhere.
        try (Replay step = place.capture("a step", () -> place.put(value, x.asSlice(0, 4 * 3), number))) {
            for (long i = 0; i < 8; i++) {
                place.copy(MemorySegment.ofArray(new float[] {10 + i}), value);
                place.copy(MemorySegment.ofArray(new long[] {i}), number);
                step.launch();
            }
        }
        assertThat(read(x)).startsWith(16, 17, 15, 1).endsWith(1);
        place.copy(MemorySegment.ofArray(new long[] {(1L << 62) + 1}), number);
        place.put(value, x, number);
        float[] values = read(x);
        assertThat(values[(int) (((1L << 62) + 1) % N)]).isEqualTo(17);
        assertThatThrownBy(() -> place.put(value, x.asSlice(0, 6), number))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("into 6 bytes at");
        assertThatThrownBy(() -> place.put(value, x, MemorySegment.ofArray(new long[1])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cannot put a float into a ring on cuda:0: 8 bytes at")
                .hasMessageEndingWith("lie on host");
    }

    @Test
    void whatWouldHaveToWaitIsRefusedWhileCapturingAndTheContextGoesOn() {
        refusedInACapture(() -> read(y), "cannot copy to the host while a step is captured on cuda:0");
        refusedInACapture(place::synchronize, "cannot wait for the device while a step is captured");
        refusedInACapture(() -> place.allocate(12345, "z"), "cannot allocate 12345 bytes for z while");
        refusedInACapture(() -> context.capture("b", () -> {}), "cannot capture b while a step is captured");
        assertThat(read(y)).containsOnly(0);
    }

    private void refusedInACapture(Runnable work, String message) {
        assertThatThrownBy(() -> context.capture("a", work))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aKernelIsLoadedBeforeACaptureOrRefused() {
        refusedInACapture(
                () -> context.function("pointwise", "gatun_lerp_f32"),
                "cannot load kernel gatun_lerp_f32 while a step is captured on cuda:0");
        context.function("pointwise", "gatun_lerp_f32");
        context.capture("a", () -> context.function("pointwise", "gatun_lerp_f32"))
                .close();
    }

    @Test
    void aClosedGraphIsRefused() {
        GraphExec step = context.capture("a step", () -> place.fill(y, (byte) 0));
        step.close();
        step.close();
        assertThatThrownBy(step::launch)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a step was closed");
    }

    @Test
    void modulesAndKernelsThatAreNotThereAreNamed() {
        assertThatThrownBy(() -> context.function("nonsense", "gatun_x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no CUDA module 'nonsense'");
        EmulatedDevice.set("QUIET", "1");
        assertThatThrownBy(() -> context.function("pointwise", "gatun_nonsense"))
                .isInstanceOf(CudaException.class)
                .hasMessageContaining("kernel gatun_nonsense of module pointwise")
                .hasMessageContaining("cudaErrorSymbolNotFound");
    }

    @Test
    void anEmptyGridIsRefusedWhenItIsMade() {
        assertThatThrownBy(() -> Grid.of(0, 256))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("an empty problem launches nothing");
        assertThatThrownBy(() -> Grid.blocks(1, 70_000, 256)).isInstanceOf(IllegalArgumentException.class);
        assertThat(Grid.of(1L << 40, 256).x()).isEqualTo(Grid.MOST_BLOCKS);
        assertThat(Grid.of(257, 256)).isEqualTo(Grid.blocks(2, 256));
    }

    @Test
    void uploadsBringEachBatchBeforeItsStepAndNoneTooEarly() {
        MemoryBudget budget = new MemoryBudget(2 * 4 * N);
        Upload[] ring = new Upload[2];
        for (int i = 0; i < ring.length; i++) {
            // What was done with the memory before comes before the first batch.
            MemorySegment there = place.allocate(4 * N, "batch");
            place.fill(there, (byte) 0x55);
            ring[i] = place.upload(there, budget);
            assertThat(ring[i].host().byteSize()).isEqualTo(4 * N);
        }
        assertThat(budget.used()).isEqualTo(budget.limit());
        assertThatThrownBy(() -> place.upload(x, budget)).isInstanceOf(NativeMemoryException.class);
        Kernel kernel = recipe().launch(
                        "gatun_axpby_f32",
                        Grid.of(N, 32),
                        Arg.operand(0),
                        Arg.operand(1),
                        Arg.i64(N),
                        Arg.f32(1),
                        Arg.f32(10))
                .build();
        for (int i = 1; i <= 7; i++) {
            Upload slot = ring[i % 2];
            slot.awaitHost();
            for (int j = 0; j < N; j++) {
                slot.host().setAtIndex(ValueLayout.JAVA_FLOAT, j, i);
            }
            slot.start();
            slot.use();
            kernel.execute(new long[] {slot.memory().address(), y.address()});
            slot.done();
        }
        assertThat(calls("a wait that spins")).isZero();
        assertThat(read(y)).containsOnly(1_234_567);
        for (Upload slot : ring) {
            MemorySegment host = slot.host();
            slot.close();
            slot.close();
            assertThatThrownBy(() -> host.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
            place.free(slot.memory());
        }
        assertThat(budget.used()).isZero();
        assertThatThrownBy(() -> place.upload(MemorySegment.ofArray(new byte[4]), budget))
                .hasMessage("cannot upload to memory of host on cuda:0");
    }

    /** Its stream is gone, and CUDA takes that of no number for the default one. */
    @Test
    void anUploadIsNotStartedWhenTheContextIsClosed() {
        MemoryBudget budget = new MemoryBudget(4 * N);
        try (Upload upload = place.upload(x, budget)) {
            context.close();
            assertThatThrownBy(upload::start)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the CUDA context was closed; open the kernels again");
        }
        assertThat(budget.used()).isZero();
        context = CudaContext.open();
    }

    @Test
    void indicesOutOfRangeAreReportedOnceAndTheContextGoesOn() {
        MemorySegment indices = place.allocate(16, "indices");
        EmbeddingSpec spec = new EmbeddingSpec(Direction.FORWARD, 10, 8, 4);
        CudaSession session = new CudaSession(CudaContext.open());
        try {
            Kernel kernel = ((Offer.Taken) session.offer(spec)).kernel();
            place.copy(MemorySegment.ofArray(new int[] {9, 0, -7, 10}), indices);
            kernel.execute(new long[] {indices.address(), x.address(), y.address(), 0});
            assertThatThrownBy(place::synchronize)
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage(spec + ": index 2 is -7, not within 0 and 9");
            place.synchronize();
            place.copy(MemorySegment.ofArray(new int[] {9, 0, 7, 3}), indices);
            kernel.execute(new long[] {indices.address(), x.address(), y.address(), 0});
            assertThat(read(y)).startsWith(1, 1, 1);
        } finally {
            session.close();
        }
    }
}
