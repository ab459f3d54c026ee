package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.golden.GoldenFile;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.Safetensors;
import io.gatun.nn.io.SafetensorsFile;
import io.gatun.nn.io.TensorType;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import io.gatun.spec.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights that PyTorch wrote ({@code state_dict.py}) give its results here, and go back as they came. */
class StateDictTest {
    private static final int SKIPPED = 42;

    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 28), true);
    private final Kernels kernels = Kernels.open("simd", 2);
    private final Tape tape = new Tape(kernels, memory);

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        tape.close();
        kernels.close();
        assertThat(memory.leaks()).isEmpty();
    }

    /** The script's net; its names are those of the layers there. */
    private static final class Net extends Module {
        private final Conv2d conv = child("conv", new Conv2d(3, 4, 3, 1, 1));
        private final BatchNorm2d bn = child("bn", new BatchNorm2d(4, true));
        private final MaxPool2d pool = new MaxPool2d(2);
        private final Linear fc;

        Net(int classes) {
            fc = child("fc", Linear.afterFlatten(2, 3, 4, classes, Activation.IDENTITY));
        }

        @Override
        public Tensor forward(Tensor src) {
            return fc.call(pool.call(bn.call(conv.call(src))).flatten(1));
        }
    }

    private static Path resource(String name) throws Exception {
        return Path.of(StateDictTest.class.getResource(name).toURI());
    }

    private void runsAsInPyTorch(Net net) {
        try (GoldenFile run = GoldenFile.of(StateDictTest.class, "state_dict_run.safetensors")) {
            net.eval();
            float[] logits = net.call(tape.tensor(run.shape("images"), run.floats("images")))
                    .toArray();
            assertThat(logits).usingComparatorWithPrecision(2e-6f).containsExactly(run.floats("logits"));
        }
    }

    @Test
    void loadsWhatPyTorchSavedAndSavesItBack() throws Exception {
        Net net = new Net(5);
        try (Parameters _ = net.allocate(memory, 1)) {
            var report = StateDict.of(resource("state_dict.safetensors")).load(net);
            assertThat(report.loaded()).hasSize(9);
            assertThat(report.missing()).isEmpty();
            assertThat(report.unexpected()).isEmpty();
            runsAsInPyTorch(net);
            Path saved = folder.resolve("saved.safetensors");
            StateDict.save(net, saved);
            assertSameTensors(saved, resource("state_dict.safetensors"));
            Path script = resource("state_dict.py");
            String python = System.getProperty("gatun.python", "python3");
            Process process = new ProcessBuilder(python, script.toString(), "check", saved.toString())
                    .inheritIO()
                    .start();
            int status = process.waitFor();
            assumeTrue(
                    status != SKIPPED,
                    "SKIPPED: " + python + " with torch and safetensors is not here; name one by -Dgatun.python=…");
            assertThat(status).isZero();
        }
    }

    private static void assertSameTensors(Path one, Path other) throws Exception {
        try (SafetensorsFile a = Safetensors.open(one);
                SafetensorsFile b = Safetensors.open(other)) {
            assertThat(a.tensors()).hasSameSizeAs(b.tensors());
            for (var tensor : a.tensors()) {
                assertThat(tensor.shape()).isEqualTo(b.tensor(tensor.name()).shape());
                assertThat(bytes(a, tensor.name())).isEqualTo(bytes(b, tensor.name()));
            }
        }
    }

    private static byte[] bytes(SafetensorsFile file, String name) throws Exception {
        byte[] bytes = new byte[(int) file.tensor(name).byteSize()];
        file.read(name, MemorySegment.ofArray(bytes));
        return bytes;
    }

    /** The same file under other names and in halves, doubles and 32-bit counters, as checkpoints of others come. */
    private Path other(TensorType type) throws Exception {
        Path file = folder.resolve("other.safetensors");
        try (SafetensorsFile original = Safetensors.open(resource("state_dict.safetensors"));
                Arena arena = Arena.ofConfined()) {
            List<NamedTensor> tensors = new ArrayList<>();
            for (var tensor : original.tensors()) {
                MemorySegment data = MemorySegment.ofArray(bytes(original, tensor.name()));
                boolean counter = tensor.type() == TensorType.I64;
                TensorType to = counter ? TensorType.I32 : type;
                long count = data.byteSize() / tensor.type().bytes();
                MemorySegment converted = arena.allocate(count * to.bytes(), 8);
                for (long i = 0; i < count; i++) {
                    if (counter) {
                        long value = data.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i);
                        converted.setAtIndex(ValueLayout.JAVA_INT, i, (int) value);
                        continue;
                    }
                    float value = data.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
                    switch (type) {
                        case F64 -> converted.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
                        case F16 -> converted.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
                        case BF16 ->
                            converted.setAtIndex(
                                    ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
                        default -> throw new AssertionError(type);
                    }
                }
                tensors.add(new NamedTensor("module." + tensor.name(), to, tensor.shape(), converted));
            }
            Safetensors.write(file, tensors, Map.of());
        }
        return file;
    }

    @Test
    void namesAreMappedAndNumbersOfOtherWidthsConverted() throws Exception {
        Net net = new Net(5);
        try (Parameters _ = net.allocate(memory, 1)) {
            StateDict.of(other(TensorType.F64))
                    .rename(name -> name.replaceFirst("^module\\.", ""))
                    .load(net);
            runsAsInPyTorch(net);
            float weight = net.stateDict().get("conv.weight").toArray()[5];
            for (TensorType half : List.of(TensorType.F16, TensorType.BF16)) {
                StateDict.of(other(half))
                        .rename(name -> name.replaceFirst("^module\\.", ""))
                        .load(net);
                float near = net.stateDict().get("conv.weight").toArray()[5];
                assertThat(near).isNotEqualTo(weight).isCloseTo(weight, within(Math.abs(weight) / 100));
            }
        }
    }

    @Test
    void refusesWhatDoesNotFitAndChangesNothing() throws Exception {
        Net net = new Net(7);
        try (Parameters parameters = net.allocate(memory, 1)) {
            float[] before = parameters.values().toArray(ValueLayout.JAVA_FLOAT);
            Path file = resource("state_dict.safetensors");
            assertThatThrownBy(() -> StateDict.of(file).load(net))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("fc.weight F32[5, 24] does not fit fc.weight F32[7, 24]")
                    .hasMessageContaining("skip()");
            assertThatThrownBy(() -> StateDict.of(file)
                            .rename(name -> name.replace("bn.", "norm."))
                            .load(net))
                    .hasMessageContaining("missing [bn.weight, bn.bias")
                    .hasMessageContaining("unexpected [norm.num_batches_tracked");
            assertThatThrownBy(() ->
                            StateDict.of(file).rename(name -> "other." + name).load(net))
                    .hasMessageContaining("fc.weight] and 1 more, unexpected [other.");
            assertThatThrownBy(() -> StateDict.of(file).rename(_ -> "same").load(net))
                    .hasMessageContaining("two tensors are renamed to 'same'");
            assertThat(parameters.values().toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(before);
        }
    }

    /** Which has filters as memory has them, and more than the model; what is missing is missing there too. */
    @Test
    void aTrainersCheckpointIsLoadedToo() throws Exception {
        Path file = folder.resolve("checkpoint.safetensors");
        Net net = new Net(5);
        Net other = new Net(5);
        try (Parameters _ = net.allocate(memory, 1);
                Parameters _ = other.allocate(memory, 2)) {
            List<NamedTensor> tensors = new ArrayList<>();
            net.stateDict().forEach((name, parameter) -> {
                long[] shape =
                        Arrays.stream(parameter.shape().dims()).asLongStream().toArray();
                TensorType type = TensorType.valueOf(parameter.type().name());
                tensors.add(new NamedTensor(name, type, shape, parameter.data()));
            });
            tensors.add(new NamedTensor(
                    "optimizer.momentum.conv.weight",
                    TensorType.F32,
                    new long[] {1},
                    MemorySegment.ofArray(new byte[4])));
            CheckpointFile.write(file, tensors, Map.of("model", "net"));
            StateDict.Report report = StateDict.of(file).load(other);
            assertThat(report.unexpected()).containsExactly("optimizer.momentum.conv.weight");
            net.stateDict().forEach((name, parameter) -> {
                Parameter loaded = other.stateDict().get(name);
                assertThat(loaded.data().mismatch(parameter.data())).as(name).isEqualTo(-1);
            });
            tensors.removeFirst();
            CheckpointFile.write(file, tensors, Map.of());
            assertThatThrownBy(() -> StateDict.of(file).load(other)).hasMessageContaining("missing [conv.weight]");

            byte[] bytes = Files.readAllBytes(file);
            bytes[bytes.length - 1] ^= 1;
            Files.write(file, bytes);
            assertThatThrownBy(() -> StateDict.of(file)
                            .skip(name -> name.equals("conv.weight"))
                            .load(other))
                    .hasMessageContaining("damaged");
        }
    }

    @Test
    void lenientTakesWhatFitsByName() throws Exception {
        Net net = new Net(5);
        try (Parameters _ = net.allocate(memory, 1)) {
            var report = StateDict.of(resource("state_dict.safetensors"))
                    .rename(name -> name.replace("fc.bias", "head.bias"))
                    .lenient()
                    .load(net);
            assertThat(report.loaded()).hasSize(8);
            assertThat(report.missing()).containsExactly("fc.bias");
            assertThat(report.unexpected()).containsExactly("head.bias");
        }
    }

    /** Transfer learning: the backbone's weights come from the file, its statistics stand still, the new head learns. */
    @Test
    void aNewHeadLearnsOnAFrozenBackbone() throws Exception {
        Net net = new Net(7);
        try (Parameters parameters = net.allocate(memory, 1)) {
            var report = StateDict.of(resource("state_dict.safetensors"))
                    .skip(name -> name.startsWith("fc."))
                    .load(net);
            assertThat(report.loaded()).hasSize(7).noneMatch(name -> name.startsWith("fc."));
            net.conv.freeze();
            net.bn.freeze();
            net.train();
            assertThat(net.training()).isTrue();
            assertThat(net.bn.training()).isFalse();
            float[] conv = net.stateDict().get("conv.weight").toArray();
            float[] mean = net.stateDict().get("bn.running_mean").toArray();
            float[] head = net.stateDict().get("fc.weight").toArray();
            try (Sgd sgd = new Sgd(kernels, memory, parameters, Schedule.constant(0.1f), Sgd.Options.PLAIN)) {
                Tensor images = tape.tensor(Shape.of(2, 4, 6, 3), new float[144]);
                Losses.crossEntropy(net.call(images), tape.integers(Shape.of(2), 1, 6))
                        .backward();
                sgd.step();
            }
            assertThat(net.stateDict().get("conv.weight").toArray()).isEqualTo(conv);
            assertThat(net.stateDict().get("bn.running_mean").toArray()).isEqualTo(mean);
            assertThat(net.stateDict().get("fc.weight").toArray()).isNotEqualTo(head);
            net.unfreeze();
            assertThat(net.bn.training()).isTrue();
            assertThat(net.stateDict().get("conv.weight").requiresGrad()).isTrue();
            assertThat(net.stateDict().get("bn.running_mean").requiresGrad()).isFalse();
        }
    }

    @Test
    void whatIsFrozenBeforeItHasMemoryStaysSo() {
        Net net = new Net(5);
        net.conv.freeze();
        try (Parameters _ = net.allocate(memory, 1)) {
            assertThatThrownBy(net.conv::unfreeze)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("conv.weight")
                    .hasMessageContaining("allocate");
        }
    }
}
