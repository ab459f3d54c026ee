package io.gatun.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The CUDA kernels compiled by g++ under a fake runtime, which the whole backend runs on where there is no GPU. Built at
 * most once a JVM, and quickly where nothing changed; all modules share {@code native/target/emulation}.
 */
public final class Emulation {
    static final String SKIPPED = "CUDA TESTS SKIPPED: no g++ and objcopy on the PATH of this Linux machine, so no CUDA"
            + " kernel is tested here";

    private static final String BUILD = "native/src/test/cuda/emulation/build";
    private static final String PROBES = "native/src/test/cuda/kernels/probes.cu";

    /** Compiling everything takes half a minute of one core. */
    private static final int MINUTES = 10;

    private static Optional<Path> folder;

    private Emulation() {}

    /**
     * The folder with the fake {@code libcudart.so.13}, which {@code -Dgatun.cuda.path} names from now on; empty where it
     * cannot be built for want of a compiler.
     */
    public static synchronized Optional<Path> folder() {
        if (folder == null) {
            folder = available() ? Optional.of(build()) : Optional.empty();
            folder.ifPresentOrElse(
                    built -> {
                        System.setProperty("gatun.cuda.path", built.toString());
                        System.err.println("emulated: NVIDIA kernels on g++ (" + built + "), no GPU is tested");
                    },
                    () -> System.err.println(SKIPPED));
        }
        return folder;
    }

    /** The folder of the sources: the first one above the working directory that has the emulator's. */
    public static Path repository() {
        Path at = Path.of("").toAbsolutePath();
        for (Path up = at; up != null; up = up.getParent()) {
            if (Files.isRegularFile(up.resolve(BUILD))) {
                return up;
            }
        }
        throw new IllegalStateException("no " + BUILD + " in " + at + " or above it");
    }

    private static boolean available() {
        return System.getProperty("os.name").equals("Linux")
                && answers(List.of("g++", "--version"))
                && answers(List.of("objcopy", "--version"));
    }

    private static boolean answers(List<String> command) {
        try {
            return run(command, 0).isEmpty();
        } catch (IOException e) {
            return false; // no such program
        }
    }

    private static Path build() {
        Path root = repository();
        Path target = root.resolve("native/target/emulation");
        List<String> command = List.of(
                root.resolve(BUILD).toString(),
                target.toString(),
                root.resolve(PROBES).toString());
        try {
            run(command, MINUTES).ifPresent(output -> {
                throw new IllegalStateException(BUILD + " failed: " + output);
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + BUILD, e);
        }
        return target;
    }

    /** Empty if it ended well, else what it wrote. */
    private static Optional<String> run(List<String> command, int minutes) throws IOException {
        Path output = Files.createTempFile("gatun", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = process.waitFor(Math.max(1, minutes), TimeUnit.MINUTES);
            if (!ended) {
                process.descendants().forEach(ProcessHandle::destroy);
                process.destroy();
            }
            return ended && process.exitValue() == 0
                    ? Optional.empty()
                    : Optional.of((ended ? "exit " + process.exitValue() : "not done after " + minutes + " minutes")
                            + "\n" + Files.readString(output));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + command.getFirst(), e);
        } finally {
            Files.delete(output);
        }
    }
}
