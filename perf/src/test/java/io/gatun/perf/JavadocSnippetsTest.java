package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every snippet in the Javadoc of the modules compiles and runs, with what it takes for granted around it. */
class JavadocSnippetsTest {
    private static final Pattern SNIPPET = Pattern.compile("(?s)<pre>\\{@code\\n(.*?)\\n \\* }</pre>");

    /** What every snippet may use: a small net, its optimizer, and images of two classes. */
    private static final String AROUND = """
        import io.gatun.autograd.*;
        import io.gatun.kernel.*;
        import io.gatun.memory.NativeMemory;
        import io.gatun.nn.*;
        import io.gatun.nn.Module;
        import io.gatun.nn.data.*;
        import io.gatun.nn.optim.*;
        import io.gatun.nn.train.*;
        import io.gatun.spec.*;
        import java.lang.foreign.*;
        import java.nio.file.*;
        import java.util.*;

        public class Snippet {
            record Batch(int number) {
                Tensor images(Tape tape) {
                    return tape.tensor(Shape.of(2, 1, 1, 3), number, 2, 3, 4, 5, 6);
                }

                Tensor labels(Tape tape) {
                    return tape.integers(Shape.of(2), 0, 1);
                }
            }

            static String run(Path file) throws Exception {
                NativeMemory memory = NativeMemory.standard();
                try (Kernels opened = Kernels.open("auto", 1, memory);
                        Tape tape = new Tape(opened, memory);
                        Arena arena = Arena.ofConfined()) {
                    Module model = new Sequential(new Flatten(), new Linear(3, 2));
                    Parameters parameters = model.allocate(memory, 1);
                    Optimizer optimizer = new Sgd(opened, memory, parameters, Schedule.constant(0.01f), Sgd.Options.PLAIN);
                    try {
                        return run(file, memory, tape, arena, model, optimizer);
                    } finally {
                        optimizer.close();
                        parameters.close();
                    }
                }
            }

            static String run(Path file, NativeMemory memory, Tape tape, Arena arena, Module model, Optimizer optimizer)
                    throws Exception {
        %s
            }
        }
        """;

    /** What is special about one: {@code …} stands for the snippet. */
    private static final Map<String, String> CONTEXTS =
            Map.of("CapturedStep", """
                Shape shape = Shape.of(2, 1, 1, 3);
                Shape count = Shape.of(2);
                MemorySegment images = arena.allocate(24, 4);
                MemorySegment labels = arena.allocate(8, 4);
                List<MemorySegment> batches = List.of(arena.allocate(24, 4), arena.allocate(24, 4), arena.allocate(24, 4));
                …
                return optimizer.steps() + " steps, repeating " + step.repeating();
                """, "Kernels", """
                int m = 1, n = 2, k = 1;
                MemorySegment a = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 3);
                MemorySegment b = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 5, 7);
                MemorySegment c = arena.allocate(8, 4);
                …
                return Arrays.toString(c.toArray(ValueLayout.JAVA_FLOAT));
                """, "Sequential", """
                …
                return net.size() + " modules, " + net.stateDict().keySet();
                """, "Tape", """
                List<Batch> batches = List.of(new Batch(1), new Batch(2), new Batch(3));
                …
                return optimizer.steps() + " steps";
                """, "Trainer", """
                ImageDataset set = new ImageDataset(1, 1, 3, 2, new byte[12], new int[] {0, 1, 0, 1});
                ImageData data = ImageData.of("four", set, set, List.of("no", "yes"));
                try (Task task = new ImageTask(model, data, 2, 1, Augmentation.NONE, memory)) {
                    …
                    return summary.steps() + " steps, saved " + Files.exists(file);
                }
                """);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"CapturedStep", "Kernels", "Sequential", "Tape", "Trainer"})
    void compilesAndRuns(String name) throws Exception {
        String body = CONTEXTS.get(name).replace("…", snippets().get(name));
        Path source = Files.writeString(folder.resolve("Snippet.java"), AROUND.formatted(body));
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        int code = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        errors,
                        "-proc:none",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        folder.toString(),
                        source.toString());
        assertThat(code).as(errors.toString(StandardCharsets.UTF_8)).isZero();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            var run = loader.loadClass("Snippet").getDeclaredMethod("run", Path.class);
            run.setAccessible(true);
            assertThat(run.invoke(null, folder.resolve("checkpoint")))
                    .isEqualTo(
                            switch (name) {
                                case "CapturedStep" -> "3 steps, repeating true";
                                case "Kernels" -> "[15.0, 21.0]";
                                case "Sequential" -> "4 modules, [0.weight, 0.bias, head.weight, head.bias]";
                                case "Tape" -> "3 steps";
                                default -> "20 steps, saved true";
                            });
        }
    }

    @Test
    void noneIsLeftOut() throws IOException {
        assertThat(snippets().keySet()).isEqualTo(CONTEXTS.keySet());
    }

    /** By the name of the class that they stand before. */
    private static Map<String, String> snippets() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        root = Files.exists(root.resolve("README.md")) ? root : root.getParent();
        Map<String, String> found = new TreeMap<>();
        for (String module : new String[] {"core", "simd", "native", "autograd", "nn", "perf"}) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src/main/java"))) {
                for (Path file :
                        files.filter(f -> f.toString().endsWith(".java")).toList()) {
                    Matcher snippet = SNIPPET.matcher(Files.readString(file));
                    while (snippet.find()) {
                        String text = snippet.group(1)
                                .lines()
                                .map(line -> line.replaceFirst("^ \\* ?", ""))
                                .collect(Collectors.joining("\n"));
                        String old = found.put(file.getFileName().toString().replace(".java", ""), text);
                        assertThat(old).as("one snippet a class: %s", file).isNull();
                    }
                }
            }
        }
        return found;
    }
}
