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

    static final String ONLY_EMULATED = "it needs the emulator, and -Dgatun.test.cuda=device asks for a GPU";

    private static final String VENDOR = "gatun.cuda.vendor";
    private static final String BUILD = "native/src/test/cuda/emulation/build";
    private static final String VENDOR_BUILD = "native/src/test/cuda/vendor/build";
    private static final String PROBES = "native/src/test/cuda/kernels/probes.cu";

    /** Compiling everything takes half a minute of one core. */
    private static final int MINUTES = 10;

    private static Optional<Path> folder;
    private static boolean vendorBuilt;

    private Emulation() {}

    /**
     * Whether the tests run on the GPU of this machine, as {@code -Dgatun.test.cuda=device} asks.
     *
     * @throws IllegalArgumentException for another value
     */
    public static boolean onDevice() {
        String wanted = System.getProperty("gatun.test.cuda", "emulation");
        return switch (wanted) {
            case "emulation" -> false;
            case "device" -> true;
            default ->
                throw new IllegalArgumentException(
                        "-Dgatun.test.cuda=" + wanted + " is unknown; known are emulation, device");
        };
    }

    /**
     * The folder with the fake {@code libcudart.so.13}, which {@code -Dgatun.cuda.path} names from now on; empty where it
     * cannot be built for want of a compiler.
     */
    public static synchronized Optional<Path> folder() {
        if (onDevice()) {
            throw new IllegalStateException("no emulator: " + ONLY_EMULATED);
        }
        if (folder == null) {
            folder = available() ? Optional.of(build()) : Optional.empty();
            folder.ifPresentOrElse(
                    built -> {
                        alone();
                        System.err.println("emulated: NVIDIA kernels on g++ (" + built + "), no GPU is tested");
                    },
                    () -> System.err.println(SKIPPED));
        }
        return folder;
    }

    /** From now on the backend is Gatun's own kernels alone, whatever libraries of NVIDIA's this machine has. */
    static synchronized void alone() {
        if (onDevice()) {
            System.setProperty(VENDOR, "false");
            return;
        }
        folder().ifPresent(built -> {
            System.setProperty("gatun.cuda.path", built.toString());
            System.setProperty(VENDOR, "false");
        });
    }

    /** From now on the backends of cuBLASLt and cuDNN come first: of the fakes, or of those that a GPU's machine has. */
    static synchronized void withVendor() {
        if (onDevice()) {
            System.setProperty(VENDOR, "true");
            return;
        }
        folder().ifPresent(built -> {
            if (!vendorBuilt) {
                build(List.of(repository().resolve(VENDOR_BUILD).toString(), built.toString()));
                vendorBuilt = true;
            }
            System.setProperty("gatun.cuda.path", built.resolve("vendor").toString());
            System.setProperty(VENDOR, "true");
        });
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
        build(List.of(
                root.resolve(BUILD).toString(),
                target.toString(),
                root.resolve(PROBES).toString()));
        return target;
    }

    private static void build(List<String> command) {
        try {
            run(command, MINUTES).ifPresent(output -> {
                throw new IllegalStateException(command.getFirst() + " failed: " + output);
            });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + command.getFirst(), e);
        }
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
