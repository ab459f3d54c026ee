package io.gatun.kernel;

import io.gatun.spec.Spec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Specs whose fastest backend was measured on one machine: what {@code gatun tune} writes, and backend {@code auto} asks
 * first. A file, and not a race when a plan is first made: a kernel that the JVM has not compiled yet would lose it, and
 * two runs of a program that chose differently would not give the same bits.
 *
 * <p>A line is a backend and a spec, {@code simd conv f32 forward n=16 …}; what follows a {@code #} is a comment.
 * Immutable.
 */
public final class Choices {
    /** Nothing was measured. */
    public static final Choices NONE = new Choices("none", Map.of());

    private final String source;
    private final Map<Spec, String> backends;

    private Choices(String source, Map<Spec, String> backends) {
        this.source = source;
        this.backends = new LinkedHashMap<>(backends);
    }

    /** The file that {@code -Dgatun.choices} names, or {@link #NONE}. */
    static Choices standard() {
        String file = System.getProperty("gatun.choices");
        if (file == null) {
            return NONE;
        }
        try {
            return read(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads a file.
     *
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException naming the file, the line and what is wrong there
     */
    public static Choices read(Path file) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (MalformedInputException e) {
            throw new IllegalArgumentException(file + " is no file of choices: it is not text in UTF-8", e);
        }
        Map<Spec, String> backends = new LinkedHashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).split("#", 2)[0].strip();
            if (line.isEmpty()) {
                continue;
            }
            try {
                String[] words = line.split("\\s+", 2);
                Preference.requireMeasurable(words[0]);
                if (words.length < 2) {
                    throw new IllegalArgumentException("a spec is missing after '" + words[0] + "'");
                }
                Spec spec = Spec.parse(words[1]);
                if (backends.put(spec, words[0]) != null) {
                    throw new IllegalArgumentException("'" + spec + "' stands twice");
                }
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(file + ", line " + (i + 1) + ": " + e.getMessage(), e);
            }
        }
        return new Choices(file.toString(), backends);
    }

    /**
     * These, with one more or in place of what stood for that spec.
     *
     * @param backend {@code onednn} or {@code simd}
     */
    public Choices with(Spec spec, String backend) {
        Preference.requireMeasurable(backend);
        Choices more = new Choices(source, backends);
        more.backends.put(spec, backend);
        return more;
    }

    /**
     * Writes beside the file, then replaces it: who is killed while writing leaves the old one.
     *
     * @param heading comment lines at the top, without their {@code #}
     */
    public void write(Path file, List<String> heading) throws IOException {
        List<String> lines = new ArrayList<>();
        heading.forEach(line -> lines.add("# " + line));
        backends.forEach((spec, backend) -> lines.add(backend + " " + spec));
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Files.write(part, lines);
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    /** The backend to ask first, or null where the rules decide. */
    public String backend(Spec spec) {
        return backends.get(spec);
    }

    /** How many specs have one. */
    public int size() {
        return backends.size();
    }

    @Override
    public String toString() {
        return size() + (size() == 1 ? " choice of " : " choices of ") + source;
    }
}
