package io.gatun.perf;

import io.gatun.cuda.runtime.CudaException;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.kernel.NoKernelException;
import io.gatun.memory.NativeMemoryException;
import io.gatun.nn.train.NonFiniteException;
import io.gatun.perf.bench.DisagreementException;
import io.gatun.perf.bench.PeerException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ParameterException;

/** What the command line says of an exception: one sentence, and the exit code. */
final class Errors {
    /** What ran did not come out right. */
    static final int FAILED = 1;

    /** The device gave this process up: another process can go on where it ended. */
    static final int LOST = 3;

    /** The user can change something and try again. */
    static final int BAD_INPUT = 2;

    private Errors() {}

    static String sentence(Throwable e) {
        String message =
                switch (e) {
                    case UncheckedIOException io -> sentence(io.getCause());
                    case NoSuchFileException io ->
                        io.getFile() + (io.getReason() == null ? " does not exist" : ": " + io.getReason());
                    case FileAlreadyExistsException io -> io.getFile() + " is a file, where a folder is needed";
                    case AccessDeniedException io -> io.getFile() + " cannot be used: permission denied";
                    case FileSystemException io ->
                        io.getFile() + " cannot be used: "
                                + (io.getReason() == null ? io.getClass().getSimpleName() : io.getReason());
                    default -> e.getMessage();
                };
        if (message == null || message.isBlank()) {
            return e.getClass().getName() + " without a message; --stacktrace shows where";
        }
        String line = Arrays.stream(message.split("\\R")).map(String::strip).collect(Collectors.joining("; "));
        return known(e) ? line : e.getClass().getSimpleName() + ": " + line + "; --stacktrace shows where";
    }

    static int code(Throwable e) {
        boolean failed =
                e instanceof NonFiniteException || e instanceof DisagreementException || e instanceof CudaException;
        return known(e) && !failed ? BAD_INPUT : FAILED;
    }

    private static boolean known(Throwable e) {
        return switch (e) {
            case ParameterException p -> true;
            case IllegalArgumentException i -> true;
            case NativeUnavailableException n -> true;
            case NoKernelException n -> true;
            case NativeMemoryException n -> true;
            case CudaException c -> true;
            case NonFiniteException n -> true;
            case DisagreementException d -> true;
            case PeerException p -> true;
            case IOException i -> true;
            case UncheckedIOException u -> true;
            default -> false;
        };
    }
}
