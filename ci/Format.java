import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

/**
 * The pinned formatter over every hand-written source file: {@code check} names the files that differ, {@code write}
 * rewrites them. The root pom runs it through the toolchain's JDK, because the formatter parses with the compiler of
 * the JDK that runs it and Maven's own may be too old for this source.
 *
 * <p>Generated bindings stay as jextract wrote them, so that regenerating them shows no difference.
 */
final class Format {
    private static final List<String> MODULES = List.of("core", "simd", "native", "autograd", "nn", "perf");
    private static final List<String> EXTRA = List.of("ci", "bindings/src/test/java");

    private Format() {}

    public static void main(String[] arguments) throws IOException {
        boolean write = "write".equals(arguments[1]);
        Path root = Path.of(arguments[0]).toAbsolutePath().normalize();
        Formatter formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .formatJavadoc(false)
                .build());
        Map<String, String> bad = new ConcurrentSkipListMap<>();
        List<Path> files = sources(root);
        files.parallelStream().forEach(file -> {
            String name = root.relativize(file).toString();
            try {
                String source = Files.readString(file);
                String formatted = formatter.formatSourceAndFixImports(source);
                if (formatted.equals(source)) {
                    return;
                }
                if (write) {
                    Files.writeString(file, formatted);
                }
                bad.put(name, write ? "formatted" : "not formatted");
            } catch (FormatterException | IOException e) {
                bad.put(name, "cannot be parsed: " + e.getMessage());
            }
        });
        bad.forEach((name, what) -> System.err.println(name + ": " + what));
        boolean unparsed = bad.values().stream().anyMatch(what -> what.startsWith("cannot"));
        if (unparsed || (!write && !bad.isEmpty())) {
            System.err.println(
                    bad.size() + " of " + files.size() + " files differ from the pinned format: run ./ci/format");
            System.exit(1);
        }
    }

    private static List<Path> sources(Path root) throws IOException {
        Stream<Path> folders = Stream.concat(
                MODULES.stream().map(module -> root.resolve(module).resolve("src")),
                EXTRA.stream().map(root::resolve));
        List<Path> files = new java.util.ArrayList<>();
        for (Path folder : folders.filter(Files::isDirectory).toList()) {
            try (Stream<Path> found = Files.walk(folder)) {
                found.filter(file -> file.toString().endsWith(".java") && Files.isRegularFile(file))
                        .forEach(files::add);
            }
        }
        return files;
    }
}
