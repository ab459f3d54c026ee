package io.gatun.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.bindings.onednn.Dnnl;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real library in JVMs of their own: it loads in every setting, and every fault ends in a reason, not a crash. */
@Tag("heavy")
class OneDnnLoadTest {
    private static final String ACCESS = "--enable-native-access=ALL-UNNAMED";

    /** Filled once; the tests that damage something copy what they need. */
    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    @BeforeAll
    static void extractOnce() throws Exception {
        assertThat(probe(List.of("-Dgatun.cache=" + shared.resolve("gatun")), classPath(true)))
                .contains("loaded 3.11.");
    }

    @Test
    void loadsFromTheClassPathAndBoundsOpenMp() throws Exception {
        String output = probe(List.of("-Dgatun.cache=" + shared.resolve("gatun")), classPath(true));
        assertThat(output)
                .contains("loaded 3.11.0 from " + extracted().resolve("libdnnl.so.3"))
                .contains("threads 3")
                .contains("isa ");
    }

    /** The build runs the tests tagged widths once more with this variable: that run must not be a second default. */
    @Test
    @Tag("widths")
    void theCapOnInstructionsIsInEffect() throws Exception {
        String output = probe(List.of("-Dgatun.cache=" + shared.resolve("gatun")), classPath(true));
        String avx2 = "isa " + Dnnl.dnnl_cpu_isa_avx2() + "\n";
        if ("AVX2".equals(System.getenv("ONEDNN_MAX_CPU_ISA"))) {
            assertThat(output).contains(avx2);
        } else {
            assertThat(output).contains("isa ");
        }
    }

    @Test
    void theUsersOpenMpThreadCountWins() throws Exception {
        ProcessBuilder java = java(List.of("-Dgatun.cache=" + shared.resolve("gatun")), classPath(true));
        java.environment().put("OMP_NUM_THREADS", "1");
        assertThat(finish(java)).contains("threads 1");
    }

    @Test
    void loadsFromAJarOnTheModulePath() throws Exception {
        // The jar's module requires org.bytedeco.dnnl, which is not there: observable, never resolved.
        List<String> options = List.of("-Dgatun.cache=" + folder.resolve("gatun"), "-p", carrierJar());
        assertThat(probe(options, classPath(false))).contains("loaded 3.11.0 from " + folder);
    }

    @Test
    void anExplicitPathIsTaken() throws Exception {
        String output = probe(List.of("-Dgatun.onednn.path=" + extracted()), classPath(false));
        assertThat(output).contains("loaded 3.11.0 from " + extracted());
    }

    @Test
    void anAbsentLibraryIsAReason() throws Exception {
        assumeTrue(
                finish(new ProcessBuilder("sh", "-c", "ldconfig -p 2>/dev/null || /sbin/ldconfig -p"))
                        .lines()
                        .noneMatch(line -> line.contains("libdnnl.so.3")),
                "SKIPPED: this system has a libdnnl of its own");
        String output = probe(List.of("-Dgatun.cache=" + folder.resolve("gatun")), classPath(false));
        assertThat(output)
                .contains("add org.bytedeco:dnnl")
                .contains("attempt libdnnl.so.3: libdnnl.so.3: cannot open shared object file")
                .contains("unavailable");
    }

    @Test
    void anExplicitPathWithoutALibraryIsFinal() throws Exception {
        String output = probe(List.of("-Dgatun.onednn.path=" + folder), classPath(true));
        assertThat(output).contains("no such file (from -Dgatun.onednn.path)").contains("unavailable");
    }

    @Test
    void anExplicitTruncatedLibraryIsAReasonAndNotACrash() throws Exception {
        Path cut = folder.resolve("libdnnl.so.3");
        Files.copy(extracted().resolve("libdnnl.so.3"), cut);
        try (FileChannel file = FileChannel.open(cut, StandardOpenOption.WRITE)) {
            file.truncate(40_000_000);
        }
        String output = probe(List.of("-Dgatun.onednn.path=" + cut), classPath(true));
        assertThat(output).contains("is truncated: 40000000 bytes").contains("unavailable");
    }

    @Test
    void aTruncatedCacheIsAReasonAndNotACrash() throws Exception {
        Path library = copyOfTheCache().resolve("libdnnl.so.3");
        try (FileChannel file = FileChannel.open(library, StandardOpenOption.WRITE)) {
            file.truncate(40_000_000);
        }
        assertThat(probe(List.of("-Dgatun.cache=" + folder.resolve("gatun")), classPath(true)))
                .contains("has 40000000 bytes instead of 89662848")
                .contains("unavailable");
    }

    @Test
    void oneFlippedByteIsAReason() throws Exception {
        Path library = copyOfTheCache().resolve("libdnnl.so.3");
        try (FileChannel file = FileChannel.open(library, StandardOpenOption.WRITE, StandardOpenOption.READ)) {
            var one = java.nio.ByteBuffer.allocate(1);
            file.read(one, 50_000_000);
            one.put(0, (byte) (one.get(0) ^ 1)).rewind();
            file.write(one, 50_000_000);
        }
        assertThat(probe(List.of("-Dgatun.cache=" + folder.resolve("gatun")), classPath(true)))
                .contains("libdnnl.so.3 has SHA-256")
                .contains("unavailable");
    }

    @Test
    void anotherVersionIsAReason() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "SKIPPED: no gcc to make a library of another version");
        Path source = Files.writeString(folder.resolve("other.c"), """
            static int version[5] = {2, 7, 0, 0, 0};
            const int *dnnl_version(void) { return version; }
            int dnnl_set_verbose(int level) { return level; }
            """);
        Path library = folder.resolve("libdnnl.so.3");
        finish(new ProcessBuilder("gcc", "-shared", "-fPIC", "-o", library.toString(), source.toString()));
        Files.copy(extracted().resolve("libgomp.so.1"), folder.resolve("libgomp.so.1"));
        assertThat(probe(List.of("-Dgatun.onednn.path=" + folder), classPath(true)))
                .contains("it is oneDNN 2.7.0, and Gatun needs 3.11.x")
                .contains("unavailable");
    }

    @Test
    void somethingElseByThatNameIsAReason() throws Exception {
        Files.writeString(folder.resolve("libdnnl.so.3"), "not a library");
        assertThat(probe(List.of("-Dgatun.onednn.path=" + folder), classPath(true)))
                .contains("is not a 64-bit ELF library")
                .contains("unavailable");
    }

    @Test
    void anUnwritableCacheFallsBackToThePrivateTemporaryFolder() throws Exception {
        ProcessBuilder java = java(List.of("-Djava.io.tmpdir=" + folder), classPath(true));
        java.environment().put("XDG_CACHE_HOME", "/proc/nobody");
        assertThat(finish(java))
                .contains("attempt /proc/nobody/gatun/onednn-")
                .contains("loaded 3.11.0 from " + folder.resolve("gatun-"));
    }

    @Test
    void noexecIsAReason() throws Exception {
        Path mount = Files.createDirectory(folder.resolve("noexec"));
        String command = "mount -t tmpfs -o noexec,size=200m none " + mount;
        boolean mountable = new ProcessBuilder("unshare", "-m", "sh", "-c", command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
        assumeTrue(mountable, "SKIPPED: mounting a noexec file system is not permitted here");
        List<String> java = java(List.of("-Dgatun.cache=" + mount.resolve("gatun")), classPath(true))
                .command();
        String quoted = java.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        assertThat(finish(new ProcessBuilder("unshare", "-m", "sh", "-c", command + " && exec " + quoted)))
                .contains("is its file system mounted noexec? choose another with -Dgatun.cache=FOLDER");
    }

    @Test
    void deniedNativeAccessNamesTheFlag() throws Exception {
        List<String> command = new ArrayList<>(java(List.of(), classPath(true)).command());
        command.set(command.indexOf(ACCESS), "--illegal-native-access=deny");
        assertThat(finish(new ProcessBuilder(command)))
                .contains("denied: start Java with --enable-native-access=")
                .contains("unavailable");
    }

    @Test
    void fourProcessesExtractAtOnce() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            processes.add(java(List.of("-Dgatun.cache=" + folder.resolve("gatun")), classPath(true))
                    .redirectErrorStream(true)
                    .start());
        }
        for (Process process : processes) {
            assertThat(output(process)).contains("loaded 3.11.0");
        }
        try (Stream<Path> inside = Files.list(folder.resolve("gatun"))) {
            assertThat(inside).as("no temporary folder is left").hasSize(1);
        }
    }

    private static Path extracted() throws IOException {
        return new LibraryCache(shared.resolve("gatun"), Manifest.shipped()).folder();
    }

    /** A damaged cache needs files of its own, and by another JVM's stamp they are not trusted. */
    private Path copyOfTheCache() throws IOException {
        Path base = folder.resolve("gatun");
        Path copy = new LibraryCache(base, Manifest.shipped()).folder();
        var owner = java.nio.file.attribute.PosixFilePermissions.asFileAttribute(
                java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        Files.createDirectory(base, owner);
        Files.createDirectory(copy, owner);
        try (Stream<Path> files = Files.list(extracted())) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }

    private static String carrierJar() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(OneDnnLoadTest::carries)
                .findFirst()
                .orElseThrow();
    }

    private static String classPath(boolean withCarrier) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> withCarrier || !carries(entry))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static boolean carries(String entry) {
        return Path.of(entry).getFileName().toString().startsWith("dnnl-");
    }

    private static ProcessBuilder java(List<String> options, String classPath) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx256m", "-Xshare:auto", "-XX:TieredStopAtLevel=1", ACCESS));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, LoadProbe.class.getName()));
        ProcessBuilder java = new ProcessBuilder(command);
        java.environment().remove("OMP_NUM_THREADS");
        return java;
    }

    private static String probe(List<String> options, String classPath) throws Exception {
        return finish(java(options, classPath));
    }

    private static String finish(ProcessBuilder builder) throws Exception {
        return output(builder.redirectErrorStream(true).start());
    }

    private static String output(Process process) throws Exception {
        String output;
        try (InputStream in = process.getInputStream()) {
            output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
