package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.kernel.Kernels;
import io.gatun.onednn.OneDnnBackend;
import io.gatun.simd.SimdBackend;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * JVMs that lack something: a demanded backend that cannot load is one sentence with the reason; {@code auto} gives the
 * right numbers by what is left, after one warning with the reason and the option that would help.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
@Tag("heavy")
class BackendFaultsTest {
    private static final String VECTOR = "--add-modules=jdk.incubator.vector";
    private static final String ACCESS = "--enable-native-access=ALL-UNNAMED";

    private static String right;

    @TempDir
    private Path folder;

    private record Output(int code, String out, String err) {
        /** Of Gatun's own; the JVM has some on incubator modules and native access. */
        List<String> warnings() {
            return err.lines().filter(line -> line.contains("is not used")).toList();
        }
    }

    @BeforeAll
    static void theRightNumbers() {
        right = FaultProbe.run("reference").replaceAll(" by .*", "");
    }

    private Output probe(List<String> options, String path, String backend) throws Exception {
        List<String> quick = new ArrayList<>(options);
        quick.add("-XX:TieredStopAtLevel=1");
        return java(quick, path, FaultProbe.class.getName(), backend);
    }

    private Output java(List<String> options, String path, String... mainAndArguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx256m");
        command.addAll(options);
        command.addAll(List.of("-cp", path));
        command.addAll(List.of(mainAndArguments));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        int code = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start()
                .waitFor();
        return new Output(
                code, Files.readString(out, StandardCharsets.UTF_8), Files.readString(err, StandardCharsets.UTF_8));
    }

    private static String classPath(boolean withCarrier) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry ->
                        withCarrier || !Path.of(entry).getFileName().toString().startsWith("dnnl-"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private List<String> options(String... more) {
        return Stream.concat(Stream.of("-Dgatun.cache=" + folder.resolve("gatun")), Stream.of(more))
                .toList();
    }

    private static void noLibraryOfTheSystems() {
        assumeTrue(
                Stream.of("/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")
                        .noneMatch(place -> Files.exists(Path.of(place, "libdnnl.so.3"))),
                "SKIPPED: this system has a libdnnl of its own");
    }

    /** A folder that anybody could put a library of his own into. */
    private void openToAll() throws IOException {
        Path cache = Files.createDirectory(folder.resolve("gatun"));
        Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    @Test
    void aDemandedBackendWithoutItsJarIsOneSentence() throws Exception {
        noLibraryOfTheSystems();
        Output output = java(
                options(VECTOR, ACCESS),
                classPath(false),
                Main.class.getName(),
                "train",
                "charlstm",
                "--backend",
                "onednn",
                "--data",
                "text:" + Cli.text(folder),
                "--out",
                folder.resolve("none").toString());
        oneSentence(output, "add org.bytedeco:dnnl with its linux-x86_64 classifier");
        assertThat(folder.resolve("none")).doesNotExist();
    }

    @Test
    void aDemandedBackendWithAnUntrustedCacheIsOneSentence() throws Exception {
        openToAll();
        Output output = java(
                options(VECTOR, ACCESS),
                classPath(true),
                Main.class.getName(),
                "bench",
                "gemm f32 m=8 n=8 k=8",
                "--vs",
                "onednn");
        oneSentence(output, "has permissions rwxrwxrwx instead of rwx------: delete it, and it is made again");
    }

    private static void oneSentence(Output output, String reason) {
        List<String> lines = output.err
                .lines()
                .filter(line -> !line.startsWith("WARNING: Using incubator"))
                .toList();
        assertThat(lines).as(output.err).hasSize(1);
        assertThat(lines.getFirst())
                .startsWith("backend onednn was demanded and cannot be used: oneDNN cannot be loaded: ")
                .contains(reason);
        assertThat(output.out).isEmpty();
        assertThat(output.code).isEqualTo(Errors.BAD_INPUT);
    }

    @Test
    void autoTrainsOnWithOneWarning() throws Exception {
        noLibraryOfTheSystems();
        Output output = java(
                options(VECTOR, ACCESS),
                classPath(false),
                Main.class.getName(),
                "train",
                "charlstm",
                "--epochs",
                "1",
                "--batch",
                "4",
                "--data",
                "text:" + Cli.text(folder),
                "--out",
                folder.resolve("trained").toString());
        assertThat(output.code).as(output.err).isZero();
        assertThat(output.warnings())
                .singleElement()
                .asString()
                .contains("onednn is not used: oneDNN cannot be loaded");
        assertThat(output.out).containsPattern("ran .*simd: ").doesNotContain("onednn:");
    }

    @Test
    void autoWithAStrangersFileInTheCacheGoesOnWithOneWarning() throws Exception {
        Output first = probe(options(VECTOR, ACCESS), classPath(true), "auto");
        assumeTrue(first.out.contains("onednn"), "SKIPPED: oneDNN cannot be loaded here: " + first.err);
        assertThat(first.out.strip()).isEqualTo(right + " by onednn simd");
        try (Stream<Path> inside = Files.list(folder.resolve("gatun"))) {
            Files.writeString(inside.findFirst().orElseThrow().resolve("libz.so.1"), "not what it seems");
        }
        carriesOn(
                probe(options(VECTOR, ACCESS), classPath(true), "auto"),
                "simd",
                "onednn is not used",
                "libz.so.1 was not put there by Gatun: delete ");
    }

    @Test
    void withoutTheVectorModuleTheReferenceGoesOn() throws Exception {
        Output output = probe(options("-Dgatun.onednn.path=" + folder, ACCESS), classPath(true), "auto");
        assertThat(output.out.strip()).as(output.err).isEqualTo(right + " by reference");
        assertThat(output.warnings()).hasSize(2);
        assertThat(output.warnings())
                .anyMatch(line -> line.contains("start java with --add-modules jdk.incubator.vector"))
                .anyMatch(line -> line.contains("no such file (from -Dgatun.onednn.path)"));
        output = probe(options(ACCESS), classPath(true), "simd");
        assertThat(output.out)
                .startsWith("unavailable: backend simd was demanded")
                .contains("start java with --add-modules jdk.incubator.vector");
    }

    /** On the class path there is one permission for all, and without it no memory to work on. */
    @Test
    void deniedNativeAccessNamesTheOption() throws Exception {
        for (String backend : List.of("auto", "reference")) {
            Output output = probe(options(VECTOR, "--illegal-native-access=deny"), classPath(true), backend);
            assertThat(output.out)
                    .startsWith("unavailable: kernels work on native memory")
                    .contains("--enable-native-access=io.gatun.core (ALL-UNNAMED on the class path)");
        }
        Output command =
                java(options(VECTOR, "--illegal-native-access=deny"), classPath(true), Main.class.getName(), "bench");
        assertThat(command.err.lines().filter(line -> !line.startsWith("WARNING: Using")))
                .singleElement()
                .asString()
                .contains("--enable-native-access=io.gatun.core");
        assertThat(command.code).isEqualTo(Errors.BAD_INPUT);
        Output doctor =
                java(options(VECTOR, "--illegal-native-access=deny"), classPath(true), Main.class.getName(), "doctor");
        assertThat(doctor.out).contains("cpu features", "no backend\n  kernels work on native memory");
        assertThat(doctor.code).isEqualTo(Errors.FAILED);
    }

    /** On the module path oneDNN's bindings can be denied what the kernels are granted. */
    @Test
    void deniedToTheBindingsAloneTheVectorKernelsGoOn() throws Exception {
        String modules = Stream.of(
                        Kernels.class, SimdBackend.class, OneDnnBackend.class, io.gatun.bindings.onednn.Dnnl.class)
                .map(BackendFaultsTest::place)
                .collect(Collectors.joining(File.pathSeparator));
        Output output = probe(
                options(
                        "--module-path=" + modules,
                        "--add-modules=io.gatun.simd,io.gatun.accel",
                        "--enable-native-access=io.gatun.core",
                        "--illegal-native-access=deny"),
                place(FaultProbe.class),
                "auto");
        carriesOn(
                output,
                "simd",
                "onednn is not used",
                "start Java with --enable-native-access=io.gatun.core,io.gatun.bindings,io.gatun.accel");
    }

    @Test
    void outOfNativeMemoryIsOneSentenceWithTheFigures() throws Exception {
        Output output = java(
                options(VECTOR, ACCESS, "-Dgatun.memory.limit=5000000", "-Dgatun.onednn.path=" + folder),
                classPath(true),
                Main.class.getName(),
                "train",
                "resnet20",
                "--backend",
                "simd",
                "--data",
                "cifar10:" + Cli.cifar(folder.resolve("cifar")),
                "--out",
                folder.resolve("none").toString());
        assertThat(output.err.lines().filter(line -> !line.startsWith("WARNING: Using")))
                .singleElement()
                .asString()
                .matches("out of native memory for .+: asked \\d+ bytes, \\d+ of 5000000 in use; use a smaller batch or"
                        + " raise -Dgatun.memory.limit");
        assertThat(output.code).isEqualTo(Errors.BAD_INPUT);
    }

    /** The narrowest vectors, no FMA: what a processor of 2009 has. */
    @Test
    void withoutAvxTheNumbersAreTheSame() throws Exception {
        Output output = probe(
                options("-XX:UseAVX=0", "-XX:-UseFMA", VECTOR, ACCESS, "-Dgatun.onednn.path=" + folder),
                classPath(true),
                "auto");
        carriesOn(output, "simd", "onednn is not used", "no such file");
    }

    private static void carriesOn(Output output, String backend, String... warning) {
        assertThat(output.out.strip()).as(output.err).isEqualTo(right + " by " + backend);
        assertThat(output.warnings()).as(output.err).singleElement().asString().contains(warning);
        assertThat(output.code).isZero();
    }

    private static String place(Class<?> one) {
        return Path.of(java.net.URI.create(
                        one.getProtectionDomain().getCodeSource().getLocation().toString()))
                .toString();
    }
}
