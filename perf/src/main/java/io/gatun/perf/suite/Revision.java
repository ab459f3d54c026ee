package io.gatun.perf.suite;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** Git's name for the source that is being measured. */
public final class Revision {
    private static final String UNKNOWN = "unknown";

    private Revision() {}

    /**
     * Such as {@code 62b9400f1c-dirty}, or what {@code -Dgatun.revision} says where the sources came without git;
     * {@code unknown} otherwise.
     */
    public static String current() {
        String told = System.getProperty("gatun.revision", "");
        return told.isBlank() ? ofGit() : told;
    }

    private static String ofGit() {
        try {
            Process git = new ProcessBuilder("git", "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String name = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return git.waitFor(10, TimeUnit.SECONDS) && git.exitValue() == 0 && !name.isEmpty() ? name : UNKNOWN;
        } catch (IOException e) {
            return UNKNOWN;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return UNKNOWN;
        }
    }
}
