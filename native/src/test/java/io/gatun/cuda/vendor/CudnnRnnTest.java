package io.gatun.cuda.vendor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.RequiresEmulation;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.cuda.runtime.GraphExec;
import io.gatun.kernel.Choice;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the contract does not see of recurrent layers by cuDNN: who takes what, graphs, failures. */
@RequiresEmulation(vendor = true)
class CudnnRnnTest {
    private static final int INTERNAL_ERROR = 4000;
    private static final int NOT_SUPPORTED_SHAPE = 3002;

    /** Odd, so that the fake scatters the weights. */
    private static final LstmSpec TRAINING = new LstmSpec(Pass.TRAINING, 3, 2, 4, 5);

    private static final LstmSpec BACKWARD = TRAINING.with(Pass.BACKWARD);

    @AfterEach
    void nothingIsLeft() {
        long bytes = EmulatedDevice.liveBytes();
        long objects = EmulatedDevice.liveObjects();
        EmulatedDevice.forget();
        assertThat(bytes).isZero();
        assertThat(objects).isZero();
    }

    /** A layer forward and backward on device buffers. */
    private static final class Layer {
        private final DeviceBuffers buffers;
        private final Plan forward;
        private final Plan backward;
        private final MemorySegment[] forwards;
        private final MemorySegment[] backwards;

        Layer(Kernels kernels, DeviceBuffers buffers, LstmSpec training) {
            this.buffers = buffers;
            forward = kernels.plan(training);
            backward = kernels.plan(training.with(Pass.BACKWARD), forward);
            SplittableRandom random = new SplittableRandom(3);
            forwards = forward.operands().stream()
                    .map(operand -> filled(operand, random))
                    .toArray(MemorySegment[]::new);
            List<String> known = forward.operands().stream().map(Operand::name).toList();
            backwards = backward.operands().stream()
                    .map(operand -> known.contains(operand.name())
                            ? forwards[known.indexOf(operand.name())]
                            : filled(operand, random))
                    .toArray(MemorySegment[]::new);
        }

        private MemorySegment filled(Operand operand, SplittableRandom random) {
            long floats = Math.ceilDiv(operand.bytes(), 4);
            float[] values = new float[(int) floats];
            for (int i = 0; i < values.length; i++) {
                values[i] = operand.written() ? Float.NaN : (float) random.nextDouble(-1, 1);
            }
            return buffers.of(values, 0);
        }

        void run() {
            forward.run(forwards);
            backward.run(backwards);
        }

        /** Of each result of backward. */
        List<float[]> gradients() {
            return IntStream.range(0, backwards.length)
                    .filter(i -> backward.operands().get(i).written())
                    .mapToObj(i -> buffers.read(backwards[i]))
                    .toList();
        }
    }

    private static void assertSame(List<float[]> actual, List<float[]> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            assertThat(actual.get(i)).as("gradient " + i).containsExactly(expected.get(i));
        }
    }

    private static List<float[]> gradients(LstmSpec training) {
        try (Kernels kernels = Kernels.open("cuda", 1);
                DeviceBuffers buffers = new DeviceBuffers(kernels)) {
            Layer layer = new Layer(kernels, buffers, training);
            assertThat(layer.forward.backend()).isEqualTo("cudnn");
            assertThat(layer.backward.backend()).isEqualTo("cudnn");
            layer.run();
            return layer.gradients();
        }
    }

    @Test
    void emptySequencesAndWhatCudnnRefusesGoToOurKernels() {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            assertThat(kernels.plan(TRAINING).implementation()).isEqualTo("cudnn:lstm-f32");
            refused(kernels, new LstmSpec(Pass.INFERENCE, 0, 2, 4, 5), "cuDNN has no empty sequences");
            refused(
                    kernels,
                    new MixedSpec(TRAINING, DType.BF16),
                    "a recurrent layer in 16 bits has biases and gradients of parameters in 16 bits there too, and"
                            + " these are f32");
            for (String call : new String[] {"cudnnSetRNNDescriptor_v8", "cudnnGetRNNTempSpaceSizes"}) {
                EmulatedDevice.reset();
                // Once for the reason and once for the plan.
                EmulatedDevice.fail(call, 1, NOT_SUPPORTED_SHAPE);
                EmulatedDevice.fail(call, 2, NOT_SUPPORTED_SHAPE);
                refused(
                        kernels,
                        new LstmSpec(Pass.INFERENCE, 2, 3, call.length(), 4),
                        "cuDNN does not have this layer (" + call + ")");
            }
        }
    }

    private static void refused(Kernels kernels, Spec spec, String reason) {
        assertThat(kernels.explain(spec).answers())
                .filteredOn(answer -> answer.backend().equals("cudnn"))
                .extracting(Choice.Answer::reason)
                .containsExactly(reason);
        assertThat(kernels.plan(spec).backend()).isEqualTo("cuda");
    }

    /** Nobody else can take over then. */
    @ParameterizedTest
    @ValueSource(strings = {"cudnnRNNForward", "cudnnRNNBackwardData_v8", "cudnnRNNBackwardWeights_v8"})
    void whatIsNotSupportedWhenItRunsIsAFailure(String call) {
        EmulatedDevice.fail(call, 1, NOT_SUPPORTED_SHAPE);
        assertThat(catchThrowable(() -> gradients(TRAINING)))
                .isInstanceOf(CudaException.class)
                .hasMessageEndingWith(call + " returned CUDNN_STATUS_NOT_SUPPORTED_SHAPE (3002)");
    }

    /** cuDNN changes its reserve space, and the workspace is an input. */
    @Test
    void backwardMayRunAgainOnTheSameWorkspace() {
        try (Kernels kernels = Kernels.open("cuda", 1);
                DeviceBuffers buffers = new DeviceBuffers(kernels)) {
            Layer layer = new Layer(kernels, buffers, TRAINING);
            layer.run();
            List<float[]> once = layer.gradients();
            layer.backward.run(layer.backwards);
            assertSame(layer.gradients(), once);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1"})
    void aCapturedStepIsDoneAgainAtEachLaunch(String async) {
        List<float[]> eager = gradients(TRAINING);
        EmulatedDevice.set("ASYNC", async);
        try (Kernels kernels = Kernels.open("cuda", 1);
                CudaContext context = CudaContext.open();
                DeviceBuffers buffers = new DeviceBuffers(kernels)) {
            Layer layer = new Layer(kernels, buffers, TRAINING);
            Layer other = new Layer(kernels, buffers, new LstmSpec(Pass.TRAINING, 2, 3, 7, 6));
            layer.run();
            try (GraphExec step = context.capture("a step", layer::run)) {
                other.run();
                for (int i = 13; i < layer.backwards.length; i++) {
                    context.place().fill(layer.backwards[i], Float.NaN);
                }
                context.onStream(step::launch);
                context.onStream(step::launch);
                assertSame(layer.gradients(), eager);
            }
        }
    }

    @Test
    void factorsAreRoundedToTf32OnlyWhereAllowed() {
        List<float[]> exact = gradients(TRAINING);
        System.setProperty("gatun.cuda.tf32", "true");
        try {
            assertThat(gradients(TRAINING).getFirst()).isNotEqualTo(exact.getFirst());
        } finally {
            System.clearProperty("gatun.cuda.tf32");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cudnnCreateDropoutDescriptor",
                "cudnnSetDropoutDescriptor",
                "cudnnCreateRNNDescriptor",
                "cudnnSetRNNDescriptor_v8",
                "cudnnCreateRNNDataDescriptor",
                "cudnnSetRNNDataDescriptor",
                "cudnnCreateTensorDescriptor",
                "cudnnSetTensorNdDescriptor",
                "cudnnGetRNNTempSpaceSizes",
                "cudnnGetRNNWeightSpaceSize",
                "cudnnGetRNNWeightParams",
                "cudnnRNNForward",
                "cudnnRNNBackwardData_v8",
                "cudnnRNNBackwardWeights_v8"
            })
    void aFailureIsNamedAndLeavesNothing(String call) {
        EmulatedDevice.reset();
        gradients(TRAINING);
        long times = EmulatedDevice.calls(call);
        assertThat(times).isPositive();
        for (long k = 1; k <= times; k++) {
            EmulatedDevice.reset();
            EmulatedDevice.fail(call, k, INTERNAL_ERROR);
            assertThat(catchThrowable(() -> gradients(TRAINING)))
                    .as(call + " " + k)
                    .isInstanceOfSatisfying(CudaException.class, e -> {
                        assertThat(e.call()).isEqualTo(call);
                        assertThat(e.code()).isEqualTo(INTERNAL_ERROR);
                        assertThat(e)
                                .hasMessageContaining(": " + call + " returned CUDNN_STATUS_INTERNAL_ERROR (4000)")
                                .message()
                                .containsAnyOf(TRAINING.toString(), BACKWARD.toString());
                    });
            assertThat(EmulatedDevice.liveObjects()).as(call + " " + k).isZero();
            assertThat(EmulatedDevice.liveBytes()).as(call + " " + k).isZero();
        }
    }
}
