package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.onednn.OneDnnBackend;
import io.gatun.simd.SimdBackend;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example is compiled and run from the README itself, on the class path and on the module path. */
class ReadmeSnippetTest {
    private static final Path ROOT = root();

    @TempDir
    private Path folder;

    @Test
    void runsOnTheClassPath() throws Exception {
        Path source = write("Example.java", block("java", 0));
        compile("-cp", join(gatun()), "-d", folder.toString(), source.toString());
        List<String> classPath = new ArrayList<>(gatun());
        classPath.add(folder.toString());
        List<String> flags = flags("-cp … Example");
        check(run(flags, "-cp", join(classPath), "Example"));
    }

    @Test
    void runsOnTheModulePath() throws Exception {
        Path source = write("src/example/Example.java", "package example;\n\n" + block("java", 0));
        Path module = write("src/module-info.java", block("java", 1));
        Path classes = folder.resolve("classes");
        compile("--module-path", join(gatun()), "-d", classes.toString(), source.toString(), module.toString());
        List<String> modulePath = new ArrayList<>(gatun());
        modulePath.add(classes.toString());
        List<String> flags = flags("--module-path … --module example/example.Example");
        check(run(flags, "--module-path", join(modulePath), "--module", "example/example.Example"));
    }

    /** Every dependency that the README shows is a module of this build, with its version. */
    @Test
    void dependenciesAreModulesOfThisBuild() throws IOException {
        Matcher artifact = Pattern.compile("<artifactId>gatun-(.*?)</artifactId>\\s*<version>(.*?)</version>")
                .matcher(block("xml", 0));
        int found = 0;
        while (artifact.find()) {
            String pom = Files.readString(ROOT.resolve(artifact.group(1)).resolve("pom.xml"));
            assertThat(pom).contains("<artifactId>gatun-" + artifact.group(1) + "</artifactId>");
            assertThat(pom).contains("<version>" + artifact.group(2) + "</version>");
            found++;
        }
        assertThat(found).isEqualTo(2);
    }

    private static void check(String output) {
        assertThat(output).contains("[4.0, 5.0, 10.0, 11.0]");
        assertThat(output).containsPattern("conv f32 forward n=1 h=32 .* -> (onednn|simd):");
        assertThat(output).doesNotContain("restricted method");
    }

    /** The options of the README's command line that ends with {@code rest}: those before it. */
    private static List<String> flags(String rest) throws IOException {
        String text = readme().replaceAll("\\\\\\n\\s*", "");
        Matcher line =
                Pattern.compile("(?m)^java (.*)" + Pattern.quote(rest) + "$").matcher(text);
        assertThat(line.find()).as("the README has a line ending with " + rest).isTrue();
        return List.of(line.group(1).strip().split("\\s+"));
    }

    /** Fenced block number {@code index} of a language. */
    private static String block(String language, int index) throws IOException {
        Matcher blocks =
                Pattern.compile("(?ms)^```" + language + "\\n(.*?)^```$").matcher(readme());
        for (int i = 0; i <= index; i++) {
            assertThat(blocks.find()).as(language + " block " + i).isTrue();
        }
        return blocks.group(1);
    }

    private static String readme() throws IOException {
        return Files.readString(ROOT.resolve("README.md"));
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private static void compile(String... arguments) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        var errors = new java.io.ByteArrayOutputStream();
        int code = compiler.run(null, null, errors, arguments);
        assertThat(code).as(errors.toString(StandardCharsets.UTF_8)).isZero();
    }

    private String run(List<String> flags, String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        StringWriter output = new StringWriter();
        try (var reader = process.inputReader(StandardCharsets.UTF_8)) {
            reader.transferTo(output);
        }
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output.toString()).isZero();
        return output.toString();
    }

    /** Where Gatun's modules and the jar with oneDNN were loaded from. */
    private static List<String> gatun() throws URISyntaxException, IOException {
        List<String> paths = new ArrayList<>();
        for (Class<?> one : List.of(Kernels.class, SimdBackend.class, OneDnnBackend.class)) {
            paths.add(Path.of(one.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString());
        }
        for (String resource :
                List.of("io/gatun/bindings/onednn/Dnnl.class", "org/bytedeco/dnnl/linux-x86_64/libdnnl.so.3")) {
            URL url = ReadmeSnippetTest.class.getClassLoader().getResource(resource);
            if (url != null) {
                paths.add(container(url, resource));
            }
        }
        return paths;
    }

    /** The folder or jar that a resource is in. */
    private static String container(URL url, String resource) throws URISyntaxException {
        String text = url.toString();
        return text.startsWith("jar:")
                ? Path.of(URI.create(text.substring(4, text.indexOf("!/")))).toString()
                : Path.of(URI.create(text.substring(0, text.length() - resource.length())))
                        .toString();
    }

    private static String join(List<String> paths) {
        return paths.stream().collect(Collectors.joining(File.pathSeparator));
    }

    /** The checkout: the tests of a module run in its own folder. */
    private static Path root() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("README.md")) ? here : here.getParent();
    }
}
