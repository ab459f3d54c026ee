package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** That the committed PTX is that of the committed kernels, and has every kernel that Java asks for. */
class PtxTest {
    private static final Path ROOT = Emulation.repository();
    private static final Path SOURCES = ROOT.resolve("native/src/main/cuda");
    private static final Path PTX = ROOT.resolve("native/src/main/resources/io/gatun/cuda");
    private static final Path JAVA = ROOT.resolve("native/src/main/java/io/gatun/cuda");
    private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)\\(");
    private static final Pattern ASKED = Pattern.compile("\"(gatun_\\w+)\"");
    private static final Pattern SHARED_ARRAY = Pattern.compile("\\.shared \\.align (\\d+) ");
    private static final Pattern SHARED_ACCESS =
            Pattern.compile("\\.shared\\.v(\\d)\\.[a-z](\\d+)|ldmatrix\\.|cp\\.async\\.cg");
    private static final Pattern RELEASE = Pattern.compile("release [\\d.]+, V([\\d.]+)");

    @Test
    void everySourceHasItsPtxAndTheManifestSaysThatItIsCurrent() throws IOException {
        assertThat(names(PTX, ".ptx")).isEqualTo(names(SOURCES, ".cu"));
        String expected = names(SOURCES, ".cu").stream()
                .map(name -> sha(sources(name)) + " " + sha(List.of(PTX.resolve(name + ".ptx"))) + " " + name)
                .collect(Collectors.joining("\n", "", "\n"));
        assertThat(Files.readString(PTX.resolve("ptx.manifest")))
                .as("a source was changed after its PTX was made: run native/src/main/cuda/compile")
                .isEqualTo(expected);
    }

    @Test
    void everyKernelThatJavaNamesIsThere() throws IOException {
        Set<String> entries = new TreeSet<>();
        for (String name : names(PTX, ".ptx")) {
            Set<String> own = found(ENTRY, PTX.resolve(name + ".ptx"));
            assertThat(own).as("kernels of " + name).isNotEmpty();
            assertThat(own)
                    .as("kernels of " + name + " that no other module has")
                    .noneMatch(entries::contains);
            entries.addAll(own);
        }
        try (Stream<Path> files = Files.walk(JAVA)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                for (String asked : found(ASKED, file)) {
                    // A name may be put together of a beginning and the kind.
                    assertThat(entries)
                            .as(asked + " of " + file.getFileName())
                            .anyMatch(entry -> entry.startsWith(asked));
                }
            }
        }
    }

    /** Which {@code CudaLoader} takes: one for CUDA 12.0 reads PTX 8.0, and a GPU of 8.0 runs what is for sm_80. */
    @Test
    void everyDriverOfCuda12CanReadIt() throws IOException {
        for (String name : names(PTX, ".ptx")) {
            assertThat(Files.readString(PTX.resolve(name + ".ptx")))
                    .as(name)
                    .contains("\n.version 8.0\n.target sm_80\n");
        }
    }

    /**
     * A GPU may put an array anywhere that its declaration allows; the emulator's lie where g++ puts them. An access of 16 bytes to
     * one that is aligned to 4 is an error of the device where that is not by chance a multiple of 16.
     */
    @Test
    void sharedArraysAreAlignedToTheWidestAccess() throws IOException {
        for (String name : names(PTX, ".ptx")) {
            String[] kernels = Files.readString(PTX.resolve(name + ".ptx")).split("\\.entry ");
            for (int i = 1; i < kernels.length; i++) {
                int widest = SHARED_ACCESS
                        .matcher(kernels[i])
                        .results()
                        .mapToInt(PtxTest::bytes)
                        .max()
                        .orElse(1);
                assertThat(SHARED_ARRAY.matcher(kernels[i]).results().map(array -> Integer.parseInt(array.group(1))))
                        .as(kernels[i].substring(0, kernels[i].indexOf('(')) + ", which moves " + widest
                                + " bytes at once")
                        .allMatch(aligned -> aligned >= widest);
            }
        }
    }

    private static int bytes(MatchResult access) {
        return access.group(1) == null
                ? 16
                : Integer.parseInt(access.group(1)) * Integer.parseInt(access.group(2)) / Byte.SIZE;
    }

    /** A minute of two cores, and the manifest holds the sources to the PTX: among the heavy ones. */
    @Tag("heavy")
    @Test
    void nvccMakesTheSameBytesAndNothingSpills() throws Exception {
        Matcher here = RELEASE.matcher(output(List.of("nvcc", "--version"), true));
        boolean present = here.find();
        if (!present) {
            System.err.println("PTX DRIFT NOT CHECKED: no nvcc on the PATH");
        }
        assumeTrue(present, "no nvcc on the PATH");
        Matcher made = RELEASE.matcher(Files.readString(PTX.resolve("memory.ptx")));
        assertThat(made.find()).isTrue();
        boolean same = made.group(1).equals(here.group(1));
        if (!same) {
            System.err.println(
                    "PTX DRIFT NOT CHECKED: the PTX is by nvcc " + made.group(1) + ", here is " + here.group(1));
        }
        assumeTrue(same, "another nvcc");
        List<String> checks = List.of(
                SOURCES.resolve("compile").toString(),
                "--check",
                "--assemble",
                "--cache",
                ROOT.resolve("native/target/ptx-checked").toString());
        assertThat(output(checks, false)).isEmpty();
    }

    private static Set<String> names(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(ending))
                    .map(name -> name.substring(0, name.length() - ending.length()))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static List<Path> sources(String name) {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return Stream.concat(
                            Stream.of(SOURCES.resolve(name + ".cu")),
                            files.filter(file -> file.toString().endsWith(".h")).sorted())
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String sha(List<Path> files) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path file : files) {
                digest.update(Files.readAllBytes(file));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static Set<String> found(Pattern pattern, Path file) throws IOException {
        return pattern.matcher(Files.readString(file))
                .results()
                .map(result -> result.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** What a command says; "" where there is no such command, if that is {@code allowed}. */
    private static String output(List<String> command, boolean allowed) throws IOException, InterruptedException {
        Path log = Files.createTempFile("gatun", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            int code = process.waitFor();
            String said = Files.readString(log);
            return code == 0 ? said : "exit " + code + ": " + said;
        } catch (IOException e) {
            if (allowed) {
                return "";
            }
            throw e;
        } finally {
            Files.delete(log);
        }
    }
}
