package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.library.SystemLinker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where libraries are looked for, what is said of each place, and a real libcudart where there is no driver. */
class CudaSearchTest {
    @TempDir
    Path folder;

    private static Surroundings surroundings(String path, Map<String, String> environment) {
        return new Surroundings(name -> name.equals("gatun.cuda.path") ? path : null, environment::get);
    }

    private CudaSearch search(NvidiaLibrary library, Surroundings surroundings) {
        return new CudaSearch(library, library.names(), surroundings, new SystemLinker(), _ -> {});
    }

    private Path library(String place, String name) throws IOException {
        Path file = folder.resolve(place).resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "not a library");
    }

    @Test
    void placesAreTriedInTheDocumentedOrderAndEachHasItsReason() throws IOException {
        Files.createDirectories(folder.resolve("home/lib64"));
        Path inPath = library("path/lib", "libcudnn.so.9");
        Path inVenv = library("venv/lib/python3.12/site-packages/nvidia/cudnn/lib", "libcudnn.so.9");
        Files.createDirectories(folder.resolve("venv/lib/python3.12/site-packages/nvidia/cu13/lib"));
        Path inConda = library("conda/lib", "libcudnn.so.9");
        CudaSearch search = search(
                NvidiaLibrary.CUDNN,
                surroundings(
                        folder.resolve("explicit").toString(),
                        Map.of(
                                "CUDA_HOME", folder.resolve("home").toString(),
                                "CUDA_PATH", folder.resolve("path").toString(),
                                "VIRTUAL_ENV", folder.resolve("venv").toString(),
                                "CONDA_PREFIX", folder.resolve("conda").toString())));
        CudaSearch.Found found = search.search();
        List<String> places =
                search.attempts().stream().map(CudaSearch.Attempt::place).toList();
        assertThat(places)
                .containsSubsequence(
                        folder.resolve("home/lib64").toString(),
                        inPath.toString(),
                        folder.resolve("venv/lib").toString(),
                        folder.resolve("venv/lib/python3.12/site-packages/nvidia/cu13/lib")
                                .toString(),
                        inVenv.toString(),
                        inConda.toString(),
                        "libcudnn.so.9");
        assertThat(search.attempts()).allMatch(attempt -> !attempt.outcome().isBlank());
        assertThat(search.attempts().getFirst().outcome()).isEqualTo("has no libcudnn.so.9");
        assertThat(outcome(search, inVenv.toString())).isEqualTo("is not a 64-bit ELF library");
        if (found == null) {
            assertThat(outcome(search, "libcudnn.so.9")).contains("No such file");
        }
    }

    private static String outcome(CudaSearch search, String place) {
        return search.attempts().stream()
                .filter(attempt -> attempt.place().equals(place))
                .findFirst()
                .orElseThrow()
                .outcome();
    }

    @Test
    void anExplicitPathIsTheOnlyPlaceOfTheRuntime() throws IOException {
        Path file = library("explicit", "libcudart.so.13");
        CudaInstallation none = new CudaLoader(surroundings(
                        file.getParent().toString(),
                        Map.of("CUDA_HOME", folder.resolve("home").toString())))
                .load();
        assertThat(none.attempts()).singleElement().satisfies(attempt -> {
            assertThat(attempt.place()).isEqualTo(file.toString());
            assertThat(attempt.outcome()).isEqualTo("is not a 64-bit ELF library");
        });
        assertThat(none.refusal(0))
                .contains("12.8 or newer", "to search; tried " + file + ": is not a 64-bit ELF library");
        assertThat(none.describe())
                .first()
                .isEqualTo("not used: no usable libcudart, 12.8 or newer, is where -Dgatun.cuda.path says: name another"
                        + " file or folder, or leave the option out to search");
    }

    @Test
    void aPathThatIsNotThereIsSaid() {
        String missing = folder.resolve("missing").toString();
        assertThat(new CudaLoader(surroundings(missing, Map.of())).load().refusal(0))
                .contains(missing + ": no such file or folder (from -Dgatun.cuda.path)");
    }

    @Test
    void whatIsNoFileOrFolderIsSaid() {
        assertThat(new CudaLoader(surroundings("/dev/null", Map.of())).load().refusal(0))
                .endsWith("tried /dev/null: is neither a file nor a folder (from -Dgatun.cuda.path)");
    }

    /** To open one would wait for ever. */
    @Test
    void aPipeIsNotOpened() throws Exception {
        Path pipe = folder.resolve("libcudart.so.13");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "no mkfifo");
        assertThat(new CudaLoader(surroundings(folder.toString(), Map.of()))
                        .load()
                        .refusal(0))
                .endsWith("tried " + pipe + ": is not a file");
    }

    /** The system's loader would end the JVM. */
    @Test
    void aLibraryThatIsCutOffIsRefused() throws IOException {
        Path whole = Path.of(System.getProperty("java.home"), "lib", "libjava.so");
        Path cut = folder.resolve("libcudart.so.13");
        byte[] bytes = Files.readAllBytes(whole);
        Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));
        assertThat(new CudaLoader(surroundings(cut.toString(), Map.of())).load().refusal(0))
                .contains("tried " + cut + ": is truncated: " + bytes.length / 2 + " bytes, its headers promise ");
        Files.write(cut, bytes);
        assertThat(new CudaLoader(surroundings(cut.toString(), Map.of())).load().refusal(0))
                .endsWith("tried " + cut + ": it has no function cudaRuntimeGetVersion");
    }

    @Test
    void variablesThatNameNoFolderAndFoldersThatCannotBeReadAreSaid() throws IOException {
        String gone = folder.resolve("gone").toString();
        Path closed = Files.createDirectories(folder.resolve("closed/lib64"));
        Files.setPosixFilePermissions(closed, Set.of());
        CudaSearch search = search(
                NvidiaLibrary.CUDNN,
                surroundings(
                        null,
                        Map.of(
                                "CUDA_HOME",
                                gone,
                                "CUDA_PATH",
                                closed.getParent().toString())));
        search.search();
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(outcome(search, "CUDA_HOME=" + gone)).isEqualTo("no such folder");
        if (!System.getProperty("user.name").equals("root")) {
            assertThat(outcome(search, closed.toString())).isEqualTo("permission denied");
        }
    }

    @Test
    void aBlankPathIsNone() {
        assertThat(surroundings(" ", Map.of()).path()).isNull();
    }

    /** Linked or copied, a folder is looked into once. */
    @Test
    void aLinkToAFolderIsNotTriedTwice() throws IOException {
        Files.createDirectories(folder.resolve("home/lib"));
        Files.createSymbolicLink(folder.resolve("home/lib64"), folder.resolve("home/lib"));
        assertThat(new CudaFolders(surroundings(
                                null, Map.of("CUDA_HOME", folder.resolve("home").toString())))
                        .named())
                .hasSize(1);
    }

    @Test
    void aVendorsLibraryIsThatOfTheRuntimesMajorVersion() {
        assertThat(NvidiaLibrary.CUBLASLT.namesFor("12.9")).containsExactly("libcublasLt.so.12");
        assertThat(NvidiaLibrary.CUDNN.namesFor("12.9")).containsExactly("libcudnn.so.9");
        assertThat(NvidiaLibrary.CUDART.names()).containsExactly("libcudart.so.13", "libcudart.so.12");
    }

    @Test
    void aRealRuntimeWithoutADriverSaysSo() {
        assumeTrue(!Files.exists(Path.of("/dev/nvidiactl")), "there is a driver");
        // By its path: the name alone is the emulator's once that is loaded.
        Path real = new CudaFolders(surroundings(null, Map.of()))
                .installed().stream()
                        .flatMap(lib -> NvidiaLibrary.CUDART.names().stream().map(lib::resolve))
                        .filter(Files::exists)
                        .findFirst()
                        .orElse(null);
        if (real == null) {
            System.err.println("NO REAL libcudart ON THIS MACHINE: its answer without a driver is not tested");
        }
        assumeTrue(real != null, "no libcudart");
        CudaInstallation none = new CudaLoader(surroundings(real.toString(), Map.of())).load();
        assertThat(none.reason()).contains("finds no NVIDIA driver (cudaErrorInsufficientDriver (35))", "install one");
        assertThat(Stream.of(none.reason().split("\n"))).hasSize(1);
        assertThat(none.refusal(0)).isEqualTo(none.reason());
    }
}
