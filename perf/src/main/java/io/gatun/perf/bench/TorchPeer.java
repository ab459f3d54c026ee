package io.gatun.perf.bench;

import io.gatun.cuda.CudaSettings;
import io.gatun.nn.log.JsonFile;
import io.gatun.nn.log.JsonLine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * PyTorch in a process of its own that stays, so that it can be timed in turn with this one: {@code perf/peers/torch_peer.py},
 * asked by lines of JSON. It runs one problem at a time, on the GPU if it has one, and times itself, waiting for the device
 * before and after. The Python is the one that the environment variable {@code PYTHON} names, {@code python3} if none; what
 * it writes to stderr goes to this process's. Not thread-safe.
 */
public final class TorchPeer implements AutoCloseable {
    /** What {@code --vs} calls it. */
    public static final String NAME = "torch";

    private static final String SCRIPT = "perf/peers/torch_peer.py";

    private static final long SECONDS_TO_END = 5;

    private final Process process;
    private final PrintStream questions;
    private final BufferedReader answers;

    /**
     * How it computes.
     *
     * @param tf32 whether products of floats may use TF32
     * @param amp whether the forward pass runs under autocast to bfloat16
     * @param compiled whether by {@code torch.compile}
     */
    public record Mode(boolean tf32, boolean amp, boolean compiled) {
        /** With the floats that this process's CUDA backend uses. */
        public static Mode here() {
            return new Mode(CudaSettings.tf32(), false, false);
        }
    }

    private TorchPeer(Process process) {
        this.process = process;
        this.questions = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        this.answers = process.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * Starts it.
     *
     * @throws PeerException if there is no such Python, or no checkout around the working directory
     */
    public static TorchPeer start() {
        return start(List.of(System.getenv().getOrDefault("PYTHON", "python3"), script().toString()));
    }

    static TorchPeer start(List<String> command) {
        try {
            ProcessBuilder python = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
            // The user's own: not what was set since for the libraries of this process, some of which PyTorch reads
            // too.
            python.environment().putAll(System.getenv());
            return new TorchPeer(python.start());
        } catch (IOException e) {
            throw new PeerException(
                    "cannot run " + command.getFirst() + ", which PYTHON chooses: " + e.getMessage(), e);
        }
    }

    private static Path script() {
        Path here = Path.of("").toAbsolutePath();
        for (Path up = here; up != null; up = up.getParent()) {
            if (Files.isRegularFile(up.resolve(SCRIPT))) {
                return up.resolve(SCRIPT);
            }
        }
        throw new PeerException("no " + SCRIPT + " in " + here + " or above it; run this inside a checkout");
    }

    /**
     * Makes one problem ready, in the place of the last one.
     *
     * @param line a spec's, or {@code step NET batch=N} for training steps
     * @throws PeerException with what PyTorch said, if it cannot
     */
    public Racer prepare(String line, Mode mode) {
        Map<?, ?> ready = ask(
                Map.of("prepare", line, "tf32", mode.tf32(), "amp", mode.amp(), "compile", mode.compiled()), "ready");
        String implementation = ready.get("ready").toString();
        return new Racer() {
            @Override
            public String name() {
                return NAME;
            }

            @Override
            public String implementation() {
                return implementation;
            }

            @Override
            public void run() {
                nanos(1);
            }

            @Override
            public double nanos(int runs) {
                return (Double) ask(Map.of("runs", runs), "ns").get("ns");
            }
        };
    }

    private Map<?, ?> ask(Map<String, ?> question, String wanted) {
        questions.println(JsonLine.of(question));
        String line;
        try {
            line = answers.readLine();
        } catch (IOException e) {
            throw new PeerException("PyTorch's answer cannot be read: " + e.getMessage(), e);
        }
        if (line == null) {
            throw new PeerException("PyTorch ended without an answer to " + JsonLine.of(question)
                    + "; what it said stands above, PYTHON chooses another Python");
        }
        Map<?, ?> answer = JsonFile.parse(line);
        if (!answer.containsKey(wanted)) {
            throw new PeerException("PyTorch cannot do " + JsonLine.of(question) + ": " + answer.get("error"));
        }
        return answer;
    }

    /** Ends the process. */
    @Override
    public void close() {
        questions.close();
        try {
            if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
