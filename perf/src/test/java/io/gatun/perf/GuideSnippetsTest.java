package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every Java block of {@code docs/guide} compiles and runs, as a source file without a class around it, and prints the
 * text block behind it if there is one, where {@code …} stands for anything.
 */
class GuideSnippetsTest {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\n(.*?)^```$(?:\\n\\n?^```text\\n(.*?)^```$)?");

    /** A block: {@code Tensors2} is the second one of {@code tensors.md}; {@code printed} is null where nothing is said. */
    private record Snippet(String name, String guide, String source, String printed) {}

    @TempDir
    private static Path folder;

    /** The one whose programs open a GPU; {@link GpuGuideTest} has it. */
    static final String GPU = "gpu.md";

    @TestFactory
    Stream<DynamicTest> runs() throws IOException {
        return tests(folder, guide -> !guide.equals(GPU));
    }

    /** Of the guides of these names, compiled into the folder. */
    static Stream<DynamicTest> tests(Path folder, Predicate<String> guides) throws IOException {
        List<Snippet> snippets = snippets().stream()
                .filter(snippet -> guides.test(snippet.guide))
                .toList();
        assertThat(snippets).isNotEmpty();
        List<String> arguments = new ArrayList<>(List.of(
                "-proc:none", "-Xlint:all,-incubating", "-Werror", "-cp", System.getProperty("java.class.path")));
        arguments.addAll(List.of("-d", folder.toString(), "--add-modules", "jdk.incubator.vector"));
        for (Snippet snippet : snippets) {
            Path source = folder.resolve(snippet.name + ".java");
            arguments.add(Files.writeString(source, snippet.source).toString());
        }
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        int code = ToolProvider.getSystemJavaCompiler().run(null, null, errors, arguments.toArray(String[]::new));
        String said = errors.toString(StandardCharsets.UTF_8);
        return snippets.stream()
                .map(snippet -> DynamicTest.dynamicTest(snippet.guide + " " + snippet.name, () -> {
                    assertThat(code).as(said).isZero();
                    String printed = run(folder, snippet);
                    if (snippet.printed != null) {
                        assertThat(printed).matches(pattern(snippet.printed));
                    }
                }));
    }

    private static String run(Path folder, Snippet snippet) throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            var type = loader.loadClass(snippet.name);
            var constructor = type.getDeclaredConstructor();
            constructor.setAccessible(true);
            var main = type.getDeclaredMethod("main");
            main.setAccessible(true);
            main.invoke(constructor.newInstance());
        } finally {
            System.setOut(out);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static Pattern pattern(String expected) {
        return Pattern.compile(
                Arrays.stream(expected.split("…", -1)).map(Pattern::quote).collect(Collectors.joining(".*")),
                Pattern.DOTALL);
    }

    private static List<Snippet> snippets() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        root = Files.exists(root.resolve("README.md")) ? root : root.getParent();
        List<Snippet> found = new ArrayList<>();
        try (Stream<Path> guides = Files.list(root.resolve("docs/guide"))) {
            for (Path guide : guides.sorted().toList()) {
                String name = guide.getFileName().toString();
                Matcher block = BLOCK.matcher(Files.readString(guide));
                for (int i = 1; block.find(); i++) {
                    found.add(new Snippet(className(name) + i, name, block.group(1), block.group(2)));
                }
            }
        }
        return found;
    }

    private static String className(String file) {
        return Arrays.stream(file.replace(".md", "").split("-"))
                .map(word -> word.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + word.substring(1))
                .collect(Collectors.joining());
    }
}
