package io.gatun.nn.train;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Parameters;
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
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Trains a small CNN and a small LSTM and prints the SHA-256 of their weights: the body of a forked JVM. */
final class WeightsHash {
    private static final int SIZE = 13;

    private WeightsHash() {}

    /** Steps, then thread counts; prints a line for each thread count. */
    public static void main(String[] args) throws Exception {
        int steps = Integer.parseInt(args[0]);
        ImageData images = ImageData.of("noise", noise(64), noise(8), List.of("a", "b", "c"));
        List<String> names =
                IntStream.range(0, 300).mapToObj(i -> "Name" + i * i % 97).toList();
        CharText text = CharText.ofNames("test", names, 3);
        for (int i = 1; i < args.length; i++) {
            int threads = Integer.parseInt(args[i]);
            System.out.println(cnn(images, threads, steps) + " " + lstm(text, threads, steps));
        }
    }

    /** Rendering real pictures would take the interpreter a minute. */
    private static ImageDataset noise(int count) {
        byte[] pixels = new byte[count * SIZE * SIZE * 3];
        new Random(count).nextBytes(pixels);
        int[] labels = IntStream.range(0, count).map(i -> i % 3).toArray();
        return new ImageDataset(SIZE, SIZE, 3, 3, pixels, labels);
    }

    private static String cnn(ImageData images, int threads, int steps) throws Exception {
        NativeMemory memory = NativeMemory.standard();
        Module model = new Sequential(
                new Conv2d(3, 8, 3, new Window(2, 1, 1, 1), false, Init.kaimingNormal()),
                new BatchNorm2d(8, true),
                ResidualBlock.basic(8, 16, 2),
                new Dropout(0.1f),
                new GlobalAvgPool(),
                new Linear(16, 3));
        try (Kernels kernels = Kernels.open("simd", threads, memory);
                Parameters parameters = model.allocate(memory, 5);
                Optimizer optimizer = new Sgd(
                        kernels,
                        memory,
                        parameters,
                        Schedule.cosine(0.1f, Math.min(5, steps), steps),
                        Sgd.Options.nesterov(0.9f, 1e-3f));
                ImageTask task = new ImageTask(model, images, 8, 5, Augmentation.CIFAR, memory)) {
            optimizer.clipNorm(1);
            return train(task, optimizer, kernels, memory, steps);
        }
    }

    private static String lstm(CharText text, int threads, int steps) throws Exception {
        NativeMemory memory = NativeMemory.standard();
        CharLstm model = new CharLstm(text.vocabulary().size(), 9, 17, 2, 0.1f);
        try (Kernels kernels = Kernels.open("simd", threads, memory);
                Parameters parameters = model.allocate(memory, 5);
                Optimizer optimizer =
                        new AdamW(kernels, memory, parameters, Schedule.constant(3e-3f), AdamW.Options.DEFAULT);
                TextTask task = new TextTask(model, text, 7, 5, memory)) {
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
