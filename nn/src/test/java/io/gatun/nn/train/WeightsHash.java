package io.gatun.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.GlobalAvgPool;
import io.gatun.nn.Init;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.ResidualBlock;
import io.gatun.nn.Sequential;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.CharText;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.optim.AdamW;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Trains a small CNN and a small LSTM and prints the SHA-256 of their weights: the body of a forked JVM. */
public final class WeightsHash {
    /** How large the nets are: {@code TINY} is what the interpreter trains for 200 steps in a few seconds. */
    private enum Size {
        SMALL(13, 8, 8, 9, 17, 7),
        TINY(3, 2, 2, 2, 3, 2);

        final int image;
        final int batch;
        final int channels;
        final int width;
        final int hidden;
        final int window;

        Size(int image, int batch, int channels, int width, int hidden, int window) {
            this.image = image;
            this.batch = batch;
            this.channels = channels;
            this.width = width;
            this.hidden = hidden;
            this.window = window;
        }
    }

    private static final String BACKEND = System.getProperty("gatun.hash.backend", "simd");

    private WeightsHash() {}

    /**
     * What {@link #main} prints in a JVM with the given options: a line for each of the thread counts. Kernels are
     * simd's, or those of {@code -Dgatun.hash.backend=…}.
     */
    public static List<String> inAnotherJvm(List<String> options, String nets, int steps, String... threads)
            throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xmx512m", "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp"));
        command.add(System.getProperty("java.class.path"));
        command.addAll(options);
        command.add(WeightsHash.class.getName());
        command.add(nets);
        command.add(Integer.toString(steps));
        command.addAll(List.of(threads));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<String> lines;
        try (var reader = process.inputReader(StandardCharsets.UTF_8)) {
            lines = reader.lines().toList();
        }
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return lines;
    }

    /** {@code small} or {@code tiny}, steps, then thread counts; prints a line for each thread count. */
    public static void main(String[] args) throws Exception {
        Size size = Size.valueOf(args[0].toUpperCase(Locale.ROOT));
        int steps = Integer.parseInt(args[1]);
        ImageData images = ImageData.of("noise", noise(size, 64), noise(size, 8), List.of("a", "b", "c"));
        List<String> names =
                IntStream.range(0, 300).mapToObj(i -> "Name" + i * i % 97).toList();
        CharText text = CharText.ofNames("test", names, 3);
        for (int i = 2; i < args.length; i++) {
            int threads = Integer.parseInt(args[i]);
            System.out.println(cnn(size, images, threads, steps) + " " + lstm(size, text, threads, steps));
        }
    }

    /** Rendering real pictures would take the interpreter a minute. */
    private static ImageDataset noise(Size size, int count) {
        byte[] pixels = new byte[count * size.image * size.image * 3];
        new Random(count).nextBytes(pixels);
        int[] labels = IntStream.range(0, count).map(i -> i % 3).toArray();
        return new ImageDataset(size.image, size.image, 3, 3, pixels, labels);
    }

    private static String cnn(Size size, ImageData images, int threads, int steps) throws Exception {
        NativeMemory memory = NativeMemory.standard();
        Module model = new Sequential(
                new Conv2d(3, size.channels, 3, new Window(2, 1, 1, 1), false, Init.kaimingNormal()),
                new BatchNorm2d(size.channels, true),
                ResidualBlock.basic(size.channels, 2 * size.channels, 2),
                new Dropout(0.1f),
                new GlobalAvgPool(),
                new Linear(2 * size.channels, 3));
        try (Kernels kernels = Kernels.open(BACKEND, threads, memory);
                Parameters parameters = model.allocate(memory, 5);
                Optimizer optimizer = new Sgd(
                        kernels,
                        memory,
                        parameters,
                        Schedule.cosine(0.1f, Math.min(5, steps), steps),
                        Sgd.Options.nesterov(0.9f, 1e-3f));
                ImageTask task = new ImageTask(model, images, size.batch, 5, Augmentation.CIFAR, memory)) {
            optimizer.clipNorm(1);
            return train(task, optimizer, kernels, memory, steps);
        }
    }

    private static String lstm(Size size, CharText text, int threads, int steps) throws Exception {
        NativeMemory memory = NativeMemory.standard();
        CharLstm model = new CharLstm(text.vocabulary().size(), size.width, size.hidden, 2, 0.1f);
        try (Kernels kernels = Kernels.open(BACKEND, threads, memory);
                Parameters parameters = model.allocate(memory, 5);
                Optimizer optimizer =
                        new AdamW(kernels, memory, parameters, Schedule.constant(3e-3f), AdamW.Options.DEFAULT);
                TextTask<LstmState> task = new TextTask<>(model, text, size.window, size.batch, memory)) {
            optimizer.clipNorm(0.5f);
            return train(task, optimizer, kernels, memory, steps);
        }
    }

    private static String train(Task task, Optimizer optimizer, Kernels kernels, NativeMemory memory, int steps)
            throws NoSuchAlgorithmException {
        try (Tape tape = new Tape(kernels, memory, 0, 5)) {
            task.seek(0, 0);
            for (int step = 0; step < steps; step++) {
                tape.reset(step);
                Tensor loss = task.forward(tape);
                loss.backward();
                optimizer.step();
                task.stepped();
            }
        }
        return hash(task.parameters());
    }

    /** SHA-256 of all parameters and running statistics. */
    static String hash(Parameters parameters) throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (MemorySegment flat : List.of(parameters.values(), parameters.buffers())) {
            digest.update(flat.asByteBuffer());
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
