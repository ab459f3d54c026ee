package io.gatun.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cache's rules, on two small files that stand for the libraries. */
class LibraryCacheTest {
    private static final String FAKE = "io/gatun/onednn/fake";

    @TempDir
    Path folder;

    private Manifest manifest;
    private LibraryCache cache;

    @BeforeEach
    void cache() throws Exception {
        manifest = new Manifest(FAKE, List.of(item("libone.so"), item("libtwo.so")));
        cache = new LibraryCache(folder.resolve("gatun"), manifest);
    }

    @Test
    void theShippedManifestIsWhatTheJarHolds() throws Exception {
        Manifest shipped = Manifest.shipped();
        assertThat(shipped.files()).extracting(Manifest.Item::name).containsExactly("libgomp.so.1", "libdnnl.so.3");
        for (Manifest.Item item : shipped.files()) {
            try (InputStream in = CarrierJar.open(shipped.folder(), item.name())) {
                byte[] bytes = in.readAllBytes();
                assertThat(new Manifest.Item(item.name(), bytes.length, hash(bytes)))
                        .isEqualTo(item);
            }
        }
    }

    @Test
    void extractsIntoAPrivateFolderWithNothingLeftBeside() throws IOException {
        Path made = cache.prepare();
        assertThat(made.resolve("libone.so")).hasContent("first small library");
        assertThat(names(made)).containsExactly("libone.so", "libtwo.so", "stamp");
        assertThat(names(made.getParent())).containsExactly(made.getFileName().toString());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made.getParent())))
                .isEqualTo("rwx------");
        assertThat(cache.prepare()).isEqualTo(made);
    }

    @Test
    void aFlippedByteIsRefused() throws IOException {
        Path file = cache.prepare().resolve("libtwo.so");
        byte[] bytes = Files.readAllBytes(file);
        FileTime modified = Files.getLastModifiedTime(file);
        bytes[7] ^= 1;
        Files.write(file, bytes);
        // Even with the old modification time: the change time in the stamp cannot be set back.
        Files.setLastModifiedTime(file, modified);
        assertThatThrownBy(() -> cache.prepare())
                .isInstanceOf(UntrustedFileException.class)
                .hasMessageContaining("libtwo.so has SHA-256 ")
                .hasMessageContaining("delete " + cache.folder());
    }

    @Test
    void aTruncatedFileIsRefused() throws IOException {
        Path file = cache.prepare().resolve("libone.so");
        Files.write(file, "first".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThatThrownBy(() -> cache.prepare())
                .isInstanceOf(UntrustedFileException.class)
                .hasMessageContaining("libone.so has 5 bytes instead of 20");
    }

    @Test
    void aMissingFileIsRefused() throws IOException {
        Files.delete(cache.prepare().resolve("libone.so"));
        assertThatThrownBy(() -> cache.prepare())
                .isInstanceOf(UntrustedFileException.class)
                .hasMessageContaining("libone.so is missing");
    }

    @Test
    void aStrangersFileIsRefused() throws IOException {
        Files.createFile(cache.prepare().resolve("libgomp.so.1"));
        assertThatThrownBy(() -> cache.prepare())
                .isInstanceOf(UntrustedFileException.class)
                .hasMessageContaining("libgomp.so.1 was not put there by Gatun");
    }

    @Test
    void aLinkInPlaceOfAFileIsRefused() throws IOException {
        Path file = cache.prepare().resolve("libone.so");
        Path elsewhere = folder.resolve("elsewhere");
        Files.move(file, elsewhere);
        Files.createSymbolicLink(file, elsewhere);
        assertThatThrownBy(() -> cache.prepare())
                .isInstanceOf(UntrustedFileException.class)
                .hasMessageContaining("libone.so is not a plain file");
    }

    @Test
    void aLinkInPlaceOfTheFolderIsRefused() throws IOException {
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Files.createSymbolicLink(folder.resolve("gatun"), elsewhere);
        assertThatThrownBy(() -> cache.prepare())
                .isInstanceOf(UntrustedFileException.class)
                .hasMessageContaining("gatun is not a folder");
    }

    @Test
    void aFolderThatOthersCanWriteIsRefused() throws IOException {
        Path made = cache.prepare();
        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> cache.prepare())
                .isInstanceOf(UntrustedFileException.class)
                .hasMessageContaining("has permissions rwxrwxrwx instead of rwx------");
    }

    @Test
    void aJarWithOtherBytesIsRefusedAndLeavesNothing() throws IOException {
        Manifest.Item other = new Manifest.Item("libone.so", 20, "0".repeat(64));
        LibraryCache wrong = new LibraryCache(folder.resolve("gatun"), new Manifest(FAKE, List.of(other)));
        assertThatThrownBy(wrong::prepare)
                .isInstanceOf(UntrustedFileException.class)
                .hasMessageContaining("has SHA-256");
        assertThat(names(folder.resolve("gatun"))).isEmpty();
    }

    @Test
    void aJarThatIsNotThereIsNamed() {
        LibraryCache missing =
                new LibraryCache(folder.resolve("gatun"), new Manifest("no/such/folder", manifest.files()));
        assertThatThrownBy(missing::prepare)
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("add org.bytedeco:dnnl");
    }

    @Test
    void anUnwritablePlaceIsNamed() {
        // /proc takes no new folders even from root, for whom permissions mean nothing.
        LibraryCache unwritable = new LibraryCache(Path.of("/proc/gatun"), manifest);
        assertThatThrownBy(unwritable::prepare)
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(UntrustedFileException.class)
                .hasMessageContaining("/proc/gatun");
    }

    @Test
    void theStampSavesHashingAndIsNotBelievedBlindly() throws IOException {
        Path stamp = cache.prepare().resolve("stamp");
        FileTime written = FileTime.fromMillis(1_000_000_000_000L);
        Files.setLastModifiedTime(stamp, written);
        cache.prepare();
        assertThat(Files.getLastModifiedTime(stamp))
                .as("trusted: not written again")
                .isEqualTo(written);
        Files.writeString(stamp, "nonsense");
        cache.prepare();
        assertThat(stamp).content().startsWith("libone.so ");
    }

    @Test
    void manyThreadsExtractAtOnce() throws Exception {
        int threads = 8;
        for (int round = 0; round < 20; round++) {
            LibraryCache shared = new LibraryCache(folder.resolve("round" + round), manifest);
            CyclicBarrier start = new CyclicBarrier(threads);
            try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
                List<Callable<Path>> calls = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    calls.add(() -> {
                        start.await();
                        return shared.prepare();
                    });
                }
                for (Future<Path> done : pool.invokeAll(calls)) {
                    assertThat(done.get()).isEqualTo(shared.folder());
                }
            }
            assertThat(names(shared.folder())).containsExactly("libone.so", "libtwo.so", "stamp");
            assertThat(names(shared.folder().getParent())).hasSize(1);
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static Manifest.Item item(String name) throws Exception {
        try (InputStream in = CarrierJar.open(FAKE, name)) {
            byte[] bytes = in.readAllBytes();
            return new Manifest.Item(name, bytes.length, hash(bytes));
        }
    }

    private static String hash(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
