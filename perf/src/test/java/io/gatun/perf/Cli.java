package io.gatun.perf;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/** Runs the command line in this process or in one of its own, on tiny data. */
final class Cli {
    private static final int IMAGES = 8;
    private static final int IMAGE_BYTES = 32 * 32 * 3;

    private Cli() {}

    /** What a command gave. */
    record Result(int code, String out, String err) {
        String lastLine() {
            return out.lines().reduce((a, b) -> b).orElse("");
        }
    }

    static Result run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(arguments, new PrintWriter(out, true), new PrintWriter(err, true));
        return new Result(code, out.toString(), err.toString());
    }

    /** A JVM of its own, its output going through the result's streams. */
    static Process fork(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xmx512m", "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp"));
        command.add(System.getProperty("java.class.path"));
        command.add(Main.class.getName());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** CIFAR-10's six files with eight bright or dark images each; the label says which. */
    static Path cifar(Path folder) throws IOException {
        return cifar(folder, 0);
    }

    /** As above, labelled {@code first} where dark and one more where bright. */
    static Path cifar(Path folder, int first) throws IOException {
        Files.createDirectories(folder);
        Random random = new Random(1);
        for (String name : List.of(
                "data_batch_1.bin",
                "data_batch_2.bin",
                "data_batch_3.bin",
                "data_batch_4.bin",
                "data_batch_5.bin",
                "test_batch.bin")) {
            byte[] bytes = new byte[IMAGES * (1 + IMAGE_BYTES)];
            for (int i = 0; i < IMAGES; i++) {
                int at = i * (1 + IMAGE_BYTES);
                bytes[at] = (byte) (first + i % 2);
                for (int p = 1; p <= IMAGE_BYTES; p++) {
                    bytes[at + p] = (byte) (random.nextInt(100) + 150 * (i % 2));
                }
            }
            Files.write(folder.resolve(name), bytes);
        }
        return folder;
    }

    /** A folder of PNG files: 24 dark and 24 bright ones to learn from, six of each to test on. */
    static Path pictures(Path folder) throws IOException {
        Random random = new Random(2);
        for (String part : List.of("train", "test")) {
            for (int bright = 0; bright < 2; bright++) {
                Path own = Files.createDirectories(folder.resolve(part, bright == 1 ? "bright" : "dark"));
                for (int i = 0; i < (part.equals("train") ? 24 : 6); i++) {
                    BufferedImage image = new BufferedImage(36, 32, BufferedImage.TYPE_INT_RGB);
                    for (int p = 0; p < 36 * 32; p++) {
                        int grey = random.nextInt(200) + 55 * bright;
                        image.setRGB(p % 36, p / 36, 0x010101 * grey);
                    }
                    ImageIO.write(image, "png", own.resolve(i + ".png").toFile());
                }
            }
        }
        return folder;
    }

    /** A text of 2,600 characters in which every letter follows from the one before. */
    static Path text(Path folder) throws IOException {
        return Files.writeString(folder.resolve("text.txt"), "abcdefghijklm\n".repeat(186));
    }
}
