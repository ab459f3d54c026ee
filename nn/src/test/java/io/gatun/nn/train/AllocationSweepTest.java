package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.FailingBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.NativeMemoryException;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.GlobalAvgPool;
import io.gatun.nn.Init;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.ResidualBlock;
import io.gatun.nn.Sequential;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The k-th request for native memory fails, k = 1, 2, … until none does, in every call of a training: the typed exception
 * comes out, what was there is unchanged, the same call then works (backward after its forward), and the end is what it always was, in bits and in
 * bytes held.
 */
public class AllocationSweepTest {
    private static final long LIMIT = 1L << 26;

    @TempDir
    private Path folder;

    /** A net in training; its calls in order are {@link #calls}. */
    private abstract static class Training implements AutoCloseable {
        final FailingBudget budget = new FailingBudget(LIMIT);
        final NativeMemory memory = new NativeMemory(budget, false);
        final Kernels kernels;

        /** With scratch memory of its own, or no request of a step could fail: the norm of 50,000 gradients needs some. */
        final Kernels optimizing;

        final Path file;
        Module model;
        Parameters parameters;
        Optimizer optimizer;
        Tape tape;
        Tensor loss;

        Training(String backend, Path file) {
            this.kernels = Kernels.open(backend, 2, memory);
            this.optimizing = Kernels.open(backend, 2, memory);
            this.file = file;
        }

        abstract Module model();

        abstract Optimizer optimizer();

        /** The loss of batch {@code index}, each larger than the one before: what is held does not suffice. */
        abstract Tensor forward(int index);

        Map<String, Runnable> calls() {
            Map<String, Runnable> calls = new LinkedHashMap<>();
            calls.put("build", this::build);
            calls.put("forward", () -> forwardOf(0));
            calls.put("backward", () -> loss.backward());
            calls.put("forward again", () -> forwardOf(1));
            calls.put("backward again, onto gradients", () -> loss.backward());
            calls.put("step", () -> optimizer.step());
            calls.put("save", this::save);
            calls.put("load", this::load);
            calls.put("forward of the loaded", () -> forwardOf(2));
            return calls;
        }

        private void build() {
            model = model();
            parameters = model.allocate(memory, 5);
            try {
                optimizer = optimizer();
                tape = new Tape(kernels, memory, 1 << 12, 7);
            } catch (NativeMemoryException e) {
                if (optimizer != null) {
                    optimizer.close();
                    optimizer = null;
                }
                parameters.close();
                parameters = null;
                throw e;
            }
        }

        private void forwardOf(int index) {
            tape.reset(index);
            loss = forward(index);
        }

        /** A backward that fails may have reused what the layers have released: then its step begins anew. */
        void recover(String call) {
            if (call.startsWith("backward")) {
                tape.abandon();
                forwardOf((int) tape.step());
            }
        }

        private List<NamedTensor> tensors() {
            List<NamedTensor> tensors = new ArrayList<>(optimizer.save());
            parameters
                    .named()
                    .forEach((name, p) -> tensors.add(new NamedTensor(
                            name,
                            TensorType.valueOf(p.type().name()),
                            Arrays.stream(p.shape().dims()).asLongStream().toArray(),
                            p.data())));
            return tensors;
        }

        private void save() {
            try {
                CheckpointFile.write(file, tensors(), Map.of());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Into fresh memory, and from there into the model. */
        private void load() {
            try (ParameterScope loaded = memory.parameters("loaded")) {
                var content = CheckpointFile.read(file, (bytes, alignment) -> loaded.allocate(bytes, "loaded"));
                optimizer.load(content::tensor, 1);
                parameters.named().forEach((name, p) -> p.data()
                        .copyFrom(content.tensor(name).data()));
                parameters.changed();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** All that outlives a step. */
        String state() {
            if (parameters == null) {
                return "nothing";
            }
            MessageDigest digest = sha256();
            tensors().forEach(tensor -> digest.update(tensor.data().asByteBuffer()));
            digest.update(parameters.gradients().asByteBuffer());
            return HexFormat.of().formatHex(digest.digest()) + " after " + optimizer.steps() + " steps";
        }

        @Override
        public void close() {
            if (parameters != null) {
                tape.close();
                optimizer.close();
                parameters.close();
            }
            optimizing.close();
            kernels.close();
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static final class Cnn extends Training {
        Cnn(String backend, Path file) {
            super(backend, file);
        }

        @Override
        Module model() {
            // Used twice, so that its gradient has two contributions.
            Linear shared = new Linear(16, 16);
            return new Sequential(
                    new Conv2d(3, 8, 3, new Window(2, 1, 1, 1), false, Init.kaimingNormal()),
                    new BatchNorm2d(8, true),
                    ResidualBlock.basic(8, 16, 2),
                    new Dropout(0.1f),
                    new GlobalAvgPool(),
                    shared,
                    shared,
                    new Linear(16, 2000),
                    new Linear(2000, 3));
        }

        @Override
        Optimizer optimizer() {
            Schedule schedule = Schedule.constant(0.1f);
            return new Sgd(optimizing, memory, parameters, schedule, Sgd.Options.nesterov(0.9f, 1e-3f)).clipNorm(1);
        }

        @Override
        Tensor forward(int index) {
            int batch = 4 << 2 * index;
            Shape shape = Shape.of(batch, 16, 16, 3);
            float[] pixels = new float[(int) shape.elements()];
            SplittableRandom random = new SplittableRandom(index);
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) random.nextGaussian();
            }
            Tensor logits = model.forward(tape.tensor(shape, pixels));
            return Losses.crossEntropy(
                    logits,
                    tape.integers(Shape.of(batch), random.ints(batch, 0, 3).toArray()));
        }
    }

    private static final class Lstm extends Training {
        Lstm(String backend, Path file) {
            super(backend, file);
        }

        @Override
        Module model() {
            return new CharLstm(11, 9, 64, 2, 0.1f);
        }

        @Override
        Optimizer optimizer() {
            Schedule schedule = Schedule.constant(3e-3f);
            return new AdamW(optimizing, memory, parameters, schedule, AdamW.Options.DEFAULT).clipNorm(0.5f);
        }

        @Override
        Tensor forward(int index) {
            Shape shape = Shape.of(7 << index, 5);
            int count = (int) shape.elements();
            int[] text = new SplittableRandom(index).ints(count + 1, 0, 11).toArray();
            Tensor logits = model.forward(tape.integers(shape, Arrays.copyOf(text, count)));
            return Losses.crossEntropy(logits, tape.integers(shape, Arrays.copyOfRange(text, 1, count + 1)));
        }
    }

    private interface Fresh {
        Training training(String backend, Path file);
    }

    @Test
    void smallCnn() {
        sweep(Cnn::new);
    }

    @Test
    void smallLstm() {
        sweep(Lstm::new);
    }

    /** What it runs on; a module that sees others inherits these tests. */
    protected String backend() {
        return "simd";
    }

    /** Whether this call's requests shall fail. */
    protected boolean sweeps(String call) {
        return true;
    }

    private void sweep(Fresh fresh) {
        String backend = backend();
        Path file = folder.resolve("sweep");
        String expected;
        long held;
        List<String> names;
        try (Training training = fresh.training(backend, file)) {
            Map<String, Runnable> calls = training.calls();
            names = List.copyOf(calls.keySet());
            calls.values().forEach(Runnable::run);
            expected = training.state();
            held = training.budget.used();
        }
        for (String name : names.stream().filter(this::sweeps).toList()) {
            int failures = 0;
            while (fails(fresh, backend, file, name, failures + 1, expected, held)) {
                failures++;
            }
            if (name.equals("save")) {
                assertThat(failures).as("a save needs no native memory").isZero();
            } else {
                assertThat(failures).as(name).isPositive();
            }
        }
    }

    /** A training in which the k-th request of one call fails; false if the call makes fewer. */
    private static boolean fails(
            Fresh fresh, String backend, Path file, String failing, int k, String expected, long held) {
        boolean failed = false;
        Training training = fresh.training(backend, file);
        try (training) {
            for (Map.Entry<String, Runnable> call : training.calls().entrySet()) {
                if (call.getKey().equals(failing)) {
                    failed = refuses(training, call.getValue(), k, failing + ", request " + k);
                } else {
                    call.getValue().run();
                }
            }
            assertThat(training.state()).as("%s, request %d", failing, k).isEqualTo(expected);
            assertThat(training.budget.used()).as("%s, request %d", failing, k).isEqualTo(held);
        }
        assertThat(training.budget.used()).isZero();
        assertThat(training.memory.leaks()).isEmpty();
        return failed;
    }

    private static boolean refuses(Training training, Runnable call, int k, String what) {
        String before = training.state();
        training.budget.failAt(k);
        try {
            call.run();
            return false;
        } catch (NativeMemoryException e) {
            assertThat(e.asked()).as(what).isPositive();
            assertThat(e.used()).as(what).isBetween(0L, LIMIT);
            assertThat(e.limit()).as(what).isEqualTo(LIMIT);
            assertThat(training.state()).as(what).isEqualTo(before);
            training.recover(what);
            call.run();
            return true;
        } finally {
            training.budget.failAt(0);
        }
    }
}
