package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Keeps {@code docs/checklist.md} true: what stands in backticks under "where" is a class of the main code, a member of
 * one ({@code Class.member}) or a file; under "proven by" a test class or one method of it.
 */
class ChecklistTest {
    private static final Pattern NAME = Pattern.compile("`([^`]+)`");
    private static final List<String> OPEN = List.of("not yet", "later", "concept");

    private final Path root = root();
    private final Map<String, Path> main = sources("src/main/java");
    private final Map<String, Path> tests = sources("src/test/java");

    @Test
    void everyRowNamesWhatIsThere() throws IOException {
        List<String> wrong = new ArrayList<>();
        int rows = 0;
        for (String line : Files.readAllLines(root.resolve("docs/checklist.md"))) {
            String[] cells = line.split("\\|", -1);
            if (cells.length < 5 || cells[1].strip().matches("-+|#|item")) {
                continue;
            }
            rows++;
            String item = cells[1].strip();
            // The mistakes have a text where the others have a place.
            boolean mistake = item.matches("B\\d+");
            String where = mistake ? "" : cells[2].strip();
            String proof = cells[cells.length - 2].strip();
            if (OPEN.contains(mistake ? proof : where)) {
                continue;
            }
            if (!mistake && !NAME.matcher(where).find()) {
                wrong.add(item + ": says neither a class nor one of " + OPEN);
            }
            if (!NAME.matcher(proof).find()) {
                wrong.add(item + ": names no test");
            }
            missing(item, where, main, wrong);
            missing(item, proof, tests, wrong);
        }
        assertThat(wrong).isEmpty();
        assertThat(rows).isGreaterThan(200);
    }

    private void missing(String item, String cell, Map<String, Path> sources, List<String> wrong) throws IOException {
        Matcher names = NAME.matcher(cell);
        while (names.find()) {
            String name = names.group(1);
            if (name.contains("/")) {
                if (!Files.exists(root.resolve(name))) {
                    wrong.add(item + ": there is no file " + name);
                }
                continue;
            }
            String[] parts = name.split("[.#]");
            Path source = sources.get(parts[0]);
            if (source == null) {
                wrong.add(item + ": there is no class " + parts[0]);
            } else if (parts.length > 1 && !declares(source, parts[parts.length - 1])) {
                wrong.add(item + ": " + parts[0] + " has no " + parts[parts.length - 1]);
            }
        }
    }

    private static boolean declares(Path source, String member) throws IOException {
        return Pattern.compile("\\b" + Pattern.quote(member) + "\\b")
                .matcher(Files.readString(source))
                .find();
    }

    private Map<String, Path> sources(String folder) {
        Map<String, Path> found = new TreeMap<>();
        for (String module : new String[] {"core", "simd", "native", "autograd", "nn", "perf"}) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve(folder))) {
                files.filter(file -> file.toString().endsWith(".java"))
                        .forEach(file -> found.put(file.getFileName().toString().replace(".java", ""), file));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
        return found;
    }

    private static Path root() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("README.md")) ? here : here.getParent();
    }
}
