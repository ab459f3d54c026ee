package io.gatun.cuda.vendor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.NvidiaLibrary;
import io.gatun.cuda.RequiresEmulation;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.cuda.runtime.GraphExec;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Offer;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.memory.Place;
import io.gatun.memory.Replay;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is Gatun's in convolutions by cuDNN: which it takes, captures, failing calls, and that nothing is left. */
@RequiresEmulation(vendor = true)
class CudnnConvTest {
    private static final int INTERNAL_ERROR = 4000;
    private static final int NOT_SUPPORTED = 3000;

    private static final ConvSpec FORWARD =
            ConvSpec.of(1, 4, 5, 8, 8, 3, 1, 1).withBias().withActivation(Activation.RELU);

    private static final ConvSpec WEIGHTS =
            ConvSpec.of(2, 4, 5, 8, 8, 3, 2, 1).withBias().with(ConvSpec.Direction.BACKWARD_WEIGHTS);

    @BeforeEach
    void resets() {
        EmulatedDevice.reset();
    }

    @AfterEach
    void nothingIsLeft() {
        System.clearProperty("gatun.cuda.measure");
        int fault = EmulatedDevice.check();
        long bytes = EmulatedDevice.liveBytes();
        long objects = EmulatedDevice.liveObjects();
        EmulatedDevice.forget();
        assertThat(fault).isZero();
        assertThat(bytes).isZero();
        assertThat(objects).isZero();
    }

    /** The operands of a plan on the device, with small numbers in those that are read. */
    private static final class Buffers implements AutoCloseable {
        private final Plan plan;
        private final Place place;
        private final List<MemorySegment> blocks = new ArrayList<>();
        private final MemorySegment[] operands;

        /** @param offset of each from an address that is aligned to 64 bytes */
        Buffers(Plan plan, long offset) {
            this.plan = plan;
            this.place = plan.place();
            SplittableRandom random = new SplittableRandom(5);
            operands = new MemorySegment[plan.operands().size()];
            try {
                for (Operand operand : plan.operands()) {
                    MemorySegment block = place.allocate(operand.bytes() + offset, operand.name());
                    blocks.add(block);
                    float[] values = new float[(int) operand.bytes() / 4];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = (float) random.nextDouble(-1, 1);
                    }
                    operands[blocks.size() - 1] = block.asSlice(offset, operand.bytes());
                    if (!operand.written()) {
                        place.copy(
                                MemorySegment.ofArray(values),
                                operands[blocks.size() - 1].asSlice(0, 4L * values.length));
                    }
                }
            } catch (RuntimeException e) {
                close();
                throw e;
            }
        }

        void run() {
            plan.run(operands);
        }

        void forget() {
            for (int i = 0; i < operands.length; i++) {
                if (plan.operands().get(i).written()) {
                    place.fill(operands[i], (byte) 0xFF);
                }
            }
        }

        float[] result() {
            MemorySegment last = operands[operands.length - 1];
            float[] values = new float[(int) last.byteSize() / 4];
            place.copy(last.asSlice(0, 4L * values.length), MemorySegment.ofArray(values));
            return values;
        }

        @Override
        public void close() {
            blocks.forEach(place::free);
        }
    }

    private static void result(Spec spec) {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            result(kernels, spec, 0);
        }
    }

    private static float[] result(Kernels kernels, Spec spec, long offset) {
        try (Buffers buffers = new Buffers(kernels.plan(spec), offset)) {
            buffers.run();
            return buffers.result();
        }
    }

    @Test
    void aReplayGivesTheBitsOfAnEagerRun() {
        EmulatedDevice.set("ASYNC", "1");
        try (Kernels kernels = Kernels.open("cuda", 1);
                CudaContext context = CudaContext.open()) {
            for (Spec spec : List.of(FORWARD, WEIGHTS, FORWARD.with(ConvSpec.Direction.BACKWARD_DATA))) {
                try (Buffers buffers = new Buffers(kernels.plan(spec), 0)) {
                    buffers.run();
                    float[] eager = buffers.result();
                    buffers.forget();
                    long executed = EmulatedDevice.calls("cudnnBackendExecute");
                    try (GraphExec graph = context.capture("a step", buffers::run)) {
                        assertThat(buffers.result()).containsOnly(Float.NaN);
                        for (int i = 0; i < 2; i++) {
                            buffers.forget();
                            context.onStream(graph::launch);
                            assertThat(buffers.result()).containsExactly(eager);
                        }
                    }
                    assertThat(EmulatedDevice.calls("cudnnBackendExecute")).isEqualTo(executed + 1);
                }
            }
            assertThat(EmulatedDevice.launches("cudnn float")).isEqualTo(3 * 3);
        }
    }

    /** A graph launches the code of an engine, which goes with the kernel, and the kernel may be forgotten. */
    @Test
    void aGraphKeepsTheEnginesThatWereCaptured() throws InterruptedException {
        VendorSession session = VendorSession.open(NvidiaLibrary.CUDNN, CudnnSession::new);
        Place place = session.place();
        List<MemorySegment> blocks = new ArrayList<>();
        Replay graph = captured(session, blocks);
        try {
            long kept = EmulatedDevice.liveObjects();
            session.offer(FORWARD.with(ConvSpec.Direction.BACKWARD_DATA));
            untilAtMost(kept, session);
            assertThat(EmulatedDevice.liveObjects()).isEqualTo(kept);
            graph.launch();
            place.synchronize();
            assertThat(EmulatedDevice.launches("cudnn float")).isEqualTo(2);
            graph.close();
            long closed = EmulatedDevice.liveObjects();
            untilAtMost(closed - 1, session);
            assertThat(EmulatedDevice.liveObjects()).isLessThan(closed);
        } finally {
            graph.close();
            blocks.forEach(place::free);
            session.close();
        }
    }

    /** Of a kernel that nobody else has. */
    private static Replay captured(VendorSession session, List<MemorySegment> blocks) {
        Kernel kernel = ((Offer.Taken) session.offer(FORWARD)).kernel();
        Place place = session.place();
        for (Operand operand : FORWARD.operands()) {
            blocks.add(place.allocate(operand.bytes(), operand.name()));
        }
        blocks.add(place.allocate(Math.max(1, kernel.scratchBytes()), "scratch"));
        long[] frame = blocks.stream().mapToLong(MemorySegment::address).toArray();
        kernel.execute(frame);
        return place.capture("a step", () -> kernel.execute(frame));
    }

    /** Lets the session give back what kernels stood on that are gone, until there are so few objects, or for a while. */
    private static void untilAtMost(long objects, VendorSession session) throws InterruptedException {
        for (int i = 0; i < 100 && EmulatedDevice.liveObjects() > objects; i++) {
            System.gc();
            Thread.sleep(20);
            session.offer(FORWARD.withActivation(Activation.SIGMOID)); // which it refuses
        }
    }

    @Test
    void whatItDoesNotTakeIsOurs() {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            ours(kernels, FORWARD.withActivation(Activation.SIGMOID), "activation sigmoid, only relu");
            ours(kernels, ConvSpec.of(0, 4, 5, 8, 8, 3, 1, 1), "cuDNN has no empty tensors");
            ours(kernels, ConvSpec.of(1, 2, 2, 8, 8, 5, 1, 0), "cuDNN has no empty tensors");
            ConvSpec narrow = ConvSpec.of(1, 4, 5, 3, 8, 3, 1, 1).with(ConvSpec.Direction.BACKWARD_WEIGHTS);
            ours(kernels, new MixedSpec(narrow, DType.BF16), "cuDNN has no engine for it");
        }
    }

    private static void ours(Kernels kernels, Spec spec, String reason) {
        assertThat(kernels.plan(spec).backend()).isEqualTo("cuda");
        assertThat(kernels.explain(spec).answers())
                .filteredOn(answer -> answer.backend().equals("cudnn"))
                .singleElement()
                .asString()
                .contains(reason);
    }

    @Test
    void aFailureIsNoRefusal() {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            EmulatedDevice.fail("cudnnBackendCreateDescriptor", 1, INTERNAL_ERROR);
            assertThat(catchThrowable(() -> kernels.plan(FORWARD)))
                    .hasMessageEndingWith("returned CUDNN_STATUS_INTERNAL_ERROR (4000)");
        }
    }

    @Test
    void addressesThatNoEngineTakesAreOurKernels() {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            MixedSpec spec = new MixedSpec(FORWARD, DType.BF16);
            float[] aligned = result(kernels, spec, 0);
            assertThat(EmulatedDevice.launches("cudnn compiled")).isEqualTo(1);
            long before = EmulatedDevice.launches("");
            float[] other = result(kernels, spec, 4);
            assertThat(EmulatedDevice.launches("cudnn compiled")).isEqualTo(1);
            assertThat(EmulatedDevice.launches("")).isEqualTo(before + 1);
            assertThat(other).hasSameSizeAs(aligned);
        }
    }

    @Test
    void aPlanIsMadeOnceASpec() {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            kernels.plan(FORWARD);
            long descriptors = EmulatedDevice.calls("cudnnBackendCreateDescriptor");
            assertThat(descriptors).isPositive();
            assertThat(kernels.explain(FORWARD).toString()).contains("cudnn:conv engine 6");
            assertThat(EmulatedDevice.calls("cudnnBackendCreateDescriptor")).isEqualTo(descriptors);
            assertThat(kernels.describe().get("cudnn"))
                    .last()
                    .isEqualTo("1 kernels made; a convolution's workspace is at most 268435456 bytes");
        }
    }

    @Test
    void measuredOnDemand() {
        long objects;
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            kernels.plan(FORWARD);
            objects = EmulatedDevice.liveObjects();
        }
        System.setProperty("gatun.cuda.measure", "true");
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            Plan plan = kernels.plan(FORWARD);
            assertThat(plan.implementation()).isIn("cudnn:conv engine 6", "cudnn:conv engine 0");
            long tried = EmulatedDevice.launches("cudnn float");
            assertThat(tried).isGreaterThan(1).isEqualTo(EmulatedDevice.launches("cudnn strict"));
            assertThat(EmulatedDevice.liveObjects()).isEqualTo(objects);
            assertThat(result(kernels, FORWARD, 0)).doesNotContain(Float.NaN);
        }
    }

    /** Makes and runs a kernel of each direction. */
    private static void session() {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            for (Spec spec : List.of(FORWARD, WEIGHTS, FORWARD.with(ConvSpec.Direction.BACKWARD_DATA))) {
                result(kernels, spec, 0);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "cudnnBackendCreateDescriptor, 7",
        "cudnnBackendSetAttribute, 23",
        "cudnnBackendFinalize, 7",
        "cudnnBackendGetAttribute, 5",
        "cudnnBackendExecute, 1",
        "cudnnBackendDestroyDescriptor, 11",
        "cudnnDestroy, 1"
    })
    @Tag("heavy")
    void afterAFailureNothingIsLeft(String call, int every) {
        session();
        long times = EmulatedDevice.calls(call);
        assertThat(times).isPositive();
        for (long k = 1; k <= times; k += every) {
            EmulatedDevice.reset();
            EmulatedDevice.fail(call, k, INTERNAL_ERROR);
            String what = call + " " + k;
            assertThat(catchThrowable(CudnnConvTest::session))
                    .as(what)
                    .isInstanceOfSatisfying(CudaException.class, e -> {
                        assertThat(e.call()).isEqualTo(call);
                        assertThat(e.code()).isEqualTo(INTERNAL_ERROR);
                        assertThat(e).hasMessageContaining("CUDNN_STATUS_INTERNAL_ERROR");
                    });
            assertThat(EmulatedDevice.liveBytes() + EmulatedDevice.liveObjects())
                    .as(what)
                    .isZero();
        }
    }

    @Test
    void aFailureNamesSpecDescriptorAndAttribute() {
        EmulatedDevice.fail("cudnnBackendSetAttribute", 5, INTERNAL_ERROR);
        assertThat(catchThrowable(CudnnConvTest::session))
                .hasMessage(
                        "cuda:0: " + FORWARD + ", tensor descriptor, TENSOR_STRIDES: cudnnBackendSetAttribute returned"
                                + " CUDNN_STATUS_INTERNAL_ERROR (4000)");
    }

    /** Whatever cuDNN does not support, something runs in its place, with the same numbers. */
    @Test
    void whatIsNotSupportedIsAnotherEnginesOrOurs() {
        float[] expected;
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            expected = result(kernels, FORWARD, 0);
        }
        long times = EmulatedDevice.calls("cudnnBackendFinalize");
        List<String> backends = new ArrayList<>();
        for (long k = 1; k < times; k++) { // the last is that of the run itself
            EmulatedDevice.reset();
            EmulatedDevice.fail("cudnnBackendFinalize", k, NOT_SUPPORTED);
            try (Kernels kernels = Kernels.open("cuda", 1)) {
                backends.add(kernels.plan(FORWARD).implementation());
                float[] other = result(kernels, FORWARD, 0);
                for (int i = 0; i < other.length; i++) {
                    assertThat(other[i]).isCloseTo(expected[i], Offset.offset(1e-5f));
                }
            }
        }
        assertThat(backends)
                .contains("cudnn:conv engine 6", "cudnn:conv engine 0")
                .anyMatch(b -> b.startsWith("cuda:conv"));
    }

    /** A compiler that fails, or a part of cuDNN that is not installed: the next engine, where it is a plan that says so. */
    @ParameterizedTest
    @ValueSource(ints = {4001, 1008})
    void anEngineThatCannotBeBuiltIsPassedOver(int status) {
        result(FORWARD);
        long times = EmulatedDevice.calls("cudnnBackendFinalize");
        List<String> made = new ArrayList<>();
        for (long k = 1; k < times; k++) { // the last is that of the run itself
            EmulatedDevice.reset();
            EmulatedDevice.fail("cudnnBackendFinalize", k, status);
            try (Kernels kernels = Kernels.open("cuda", 1)) {
                made.add(kernels.plan(FORWARD).implementation());
            } catch (CudaException e) {
                assertThat(e.code()).isEqualTo(status);
                assertThat(e).message().doesNotContain("execution plan");
            }
        }
        assertThat(made).contains("cudnn:conv engine 0").allMatch(engine -> engine.startsWith("cudnn:conv engine"));
    }

    /** Somebody else has the device open, so that nothing else waits. */
    @Test
    void closingWaitsForWhatRuns() {
        EmulatedDevice.set("ASYNC", "1");
        try (CudaContext context = CudaContext.open()) {
            Kernels kernels = Kernels.open("cuda", 1);
            Buffers buffers = new Buffers(kernels.plan(FORWARD), 0);
            buffers.run();
            kernels.close();
            context.synchronize();
            assertThat(buffers.result()).doesNotContain(Float.NaN);
            buffers.close();
        }
    }

    @Test
    void withoutCudnnOurKernelsAreThere() {
        EmulatedDevice.fail("cudnnCreate", 1, 1001);
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            assertThat(kernels.plan(FORWARD).backend()).isEqualTo("cuda");
        }
    }
}
