package io.gatun.nn.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {
    private static final long[] SHAPE = {2, 3, 4};

    @TempDir
    Path folder;

    private final Arena arena = Arena.ofShared();

    @AfterEach
    void close() {
        arena.close();
    }

    private Path golden(String name) throws IOException {
        try (InputStream in = NpyTest.class.getResourceAsStream("npy/" + name)) {
            return Files.write(folder.resolve(name), in.readAllBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "little-f2",
                "little-f4",
                "little-f8",
                "little-i2",
                "little-i4",
                "little-i8",
                "little-u2",
                "little-u4",
                "little-u8",
                "big-f2",
                "big-f4",
                "big-f8",
                "big-i2",
                "big-i4",
                "big-i8",
                "big-u2",
                "big-u4",
                "big-u8",
                "i1",
                "u1",
                "b1",
                "fortran-f4",
                "fortran-big-f8",
                "version2-i4",
                "version3-f4"
            })
    void readsAndMapsWhatNumPyWrote(String name) throws IOException {
        Path file = golden(name + ".npy");
        int from = name.contains("u") && !name.contains("fortran") || name.equals("b1") ? 0 : -5;
        float[] wanted = new float[24];
        for (int i = 0; i < 24; i++) {
            wanted[i] = name.equals("b1") ? (i % 3 == 0 ? 1 : 0) : i + from;
        }
        for (NpyArray array : List.of(Npy.read(file, arena), Npy.map(file, arena))) {
            assertThat(array.shape()).isEqualTo(SHAPE);
            assertThat(array.floats()).isEqualTo(wanted);
            assertThat(array.isNativeRowMajor()).isEqualTo(!name.contains("big") && !name.contains("fortran"));
            if (name.matches(".*f[248]")) {
                assertThatThrownBy(array::integers).hasMessageContaining("not of integers");
            } else {
                assertThat(array.integers())
                        .isEqualTo(
                                IntStream.range(0, 24).map(i -> (int) wanted[i]).toArray());
            }
        }
        assertThat(Npy.map(file, arena).data().isReadOnly()).isTrue();
        // What we write of it is NumPy's file again, but for the version.
        Path copy = folder.resolve("copy.npy");
        Npy.write(copy, Npy.read(file, arena));
        if (!name.contains("version")) {
            assertThat(copy).hasSameBinaryContentAs(file);
        }
        assertThat(Npy.read(copy, arena).floats()).isEqualTo(wanted);
    }

    @Test
    void aMappedFileIsReadInPlace() throws IOException {
        NpyArray array = Npy.map(golden("little-f4.npy"), arena);
        assertThat(array.data().isMapped()).isTrue();
        assertThat(array.data().address() % 64).isZero();
        assertThat(array.data().getAtIndex(ValueLayout.JAVA_FLOAT, 23)).isEqualTo(18f);
    }

    @Test
    void scalarsEmptyArraysAndExtremes() throws IOException {
        NpyArray scalar = Npy.read(golden("scalar-f4.npy"), arena);
        assertThat(scalar.shape()).isEmpty();
        assertThat(scalar.floats()).containsExactly(2.5f);
        NpyArray empty = Npy.map(golden("empty-f4.npy"), arena);
        assertThat(empty.shape()).containsExactly(3, 0, 2);
        assertThat(empty.floats()).isEmpty();
        assertThat(Npy.read(golden("vector-f8.npy"), arena).floats())
                .containsExactly(0.1f, Float.NEGATIVE_INFINITY, Float.NaN, Float.POSITIVE_INFINITY, 16777216f);
        NpyArray large = Npy.read(golden("large-u8.npy"), arena);
        assertThat(large.floats()).containsExactly(0x1p64f, 0x1.000002p63f, 0x1.000002p40f);
        assertThatThrownBy(large::integers)
                .hasMessageContaining("element 0")
                .hasMessageContaining("18446744073709551615");
    }

    @ParameterizedTest
    @ValueSource(strings = {"stored.npz", "deflated.npz"})
    void readsArchives(String name) throws IOException {
        Map<String, NpyArray> arrays = Npz.read(golden(name), arena);
        assertThat(arrays.keySet()).containsExactly("x", "nested/labels:0", "mask");
        assertThat(arrays.get("x").floats()[23]).isEqualTo(18);
        assertThat(arrays.get("nested/labels:0").integers()).containsExactly(0, 1, 2, 3, 4);
        assertThat(arrays.get("mask").integers()).startsWith(1, 0, 1, 0);
        for (boolean compressed : new boolean[] {false, true}) {
            Path copy = folder.resolve("copy.npz");
            Npz.write(copy, arrays, compressed);
            byte[] first = Files.readAllBytes(copy);
            Map<String, NpyArray> back = Npz.read(copy, arena);
            assertThat(back.keySet()).containsExactlyElementsOf(arrays.keySet());
            back.forEach((key, array) ->
                    assertThat(array.floats()).isEqualTo(arrays.get(key).floats()));
            Npz.write(copy, back, compressed);
            assertThat(Files.readAllBytes(copy)).isEqualTo(first);
        }
    }

    @Test
    void refusesHeadersThatAreNone() throws IOException {
        Map<String, String> problems = new LinkedHashMap<>();
        problems.put("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "no number");
        problems.put("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "overflows");
        problems.put("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,), }", "above 2^63 - 1");
        problems.put("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "no number");
        problems.put("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "12 bytes of elements");
        problems.put("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "behind its last element");
        problems.put("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", "neither True nor False");
        problems.put("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", "pickled code");
        problems.put("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "records");
        problems.put("{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }", "'<c8'");
        problems.put("{'descr': '|f4', 'fortran_order': False, 'shape': (2,), }", "byte order");
        problems.put("{'descr': '', 'fortran_order': False, 'shape': (2,), }", "''");
        problems.put("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "twice");
        problems.put("{'descr': '<f4', 'fortran_order': False, }", "needs descr");
        problems.put("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", "unknown key 'x'");
        problems.put("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } + 1", "goes on");
        problems.put("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1,".repeat(65) + "), }", "64");
        problems.put("{'descr': '<f4", "quoted string");
        problems.put("import os", "'{'");
        problems.forEach((text, problem) -> {
            FormatException refusal = refused(npy(1, text, 8));
            assertThat(refusal).as(text).hasMessageContaining(problem);
            assertThat(refusal.offset()).isPositive();
        });
        assertThat(refused(npy(9, "{}", 8))).hasMessageContaining("version 9");
        assertThat(refused(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}))
                .hasMessageContaining("truncated");
        byte[] huge = npy(2, "{}", 8);
        ByteBuffer.wrap(huge).order(ByteOrder.LITTLE_ENDIAN).putInt(8, -1);
        assertThat(refused(huge)).hasMessageContaining("4294967295");
        ByteBuffer.wrap(huge).order(ByteOrder.LITTLE_ENDIAN).putInt(8, 60000);
        assertThat(refused(huge)).hasMessageContaining("truncated");
    }

    @Test
    void bothQuotesNoSpacesAndPythonTwosLongsAreRead() throws IOException {
        Path file =
                Files.write(folder.resolve("a"), npy(1, "{\"shape\":(1L,2L),'descr':'<f4','fortran_order':True}", 8));
        assertThat(Npy.read(file, arena).shape()).containsExactly(1, 2);
    }

    @Test
    void refusesArchivesThatAreNone() throws IOException {
        byte[] good = Npy.headerOf(NpyArray.of(new float[2], 2));
        byte[] two = Arrays.copyOf(good, good.length + 8);
        for (String name : List.of("../x.npy", "a/../../x.npy", "/x.npy", "..\\x.npy")) {
            assertThat(refusedZip(zip(Map.of(name, two)))).hasMessageContaining("outside the archive");
        }
        assertThat(refusedZip(zip(Map.of("x.txt", two)))).hasMessageContaining("no .npy");
        assertThat(refusedZip(zip(Map.of("x.npy", good)))).hasMessageContaining("0 bytes of elements");
        assertThat(refusedZip(zip(Map.of("x.npy", Arrays.copyOf(two, two.length + 1)))))
                .hasMessageContaining("9 bytes");
        assertThat(refusedZip(zip(Map.of("x.npy", new byte[3])))).hasMessageContaining("is no .npy");
        assertThat(refusedZip(new byte[100])).hasMessageContaining("zip");
        byte[] bytes = zip(Map.of("x.npy", two));
        assertThat(refusedZip(Arrays.copyOf(bytes, bytes.length - 30))).hasMessageContaining("zip");
        // The last byte of the one entry's data: local header 30, name 5, then the file.
        bytes[30 + 5 + two.length - 1] ^= 1;
        assertThat(refusedZip(bytes)).hasMessageContaining("checksum");
    }

    /** 64 MB of zeros in 64 KB: the limit stops it before it is inflated, and the ratio one that lies. */
    @Test
    void refusesBombs() throws IOException {
        NpyArray zeros = NpyArray.of(new float[1 << 24], 1 << 24);
        Path file = folder.resolve("bomb.npz");
        Npz.write(file, Map.of("zeros", zeros), true);
        assertThat(Files.size(file)).isLessThan(100_000);
        FormatException refusal = catchThrowableOfType(
                FormatException.class, () -> Npz.read(file, arena, 1 << 20).size());
        assertThat(refusal).hasMessageContaining("limit of 1048576");
        assertThat(Npz.read(file, arena).get("zeros").size()).isEqualTo(1 << 24);
        byte[] bytes = Files.readAllBytes(file);
        int central = bytes.length;
        while (ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(--central - 4) != 0x02014b50) {}
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(central - 4 + 24, 1 << 30);
        assertThat(refusedZip(bytes)).hasMessageContaining("cannot have 1073741824 bytes");
    }

    private FormatException refused(byte[] bytes) {
        try {
            Path file = Files.write(folder.resolve("bad.npy"), bytes);
            FormatException refusal = catchThrowableOfType(FormatException.class, () -> Npy.read(file, arena));
            assertThat(catchThrowableOfType(FormatException.class, () -> Npy.map(file, arena)))
                    .hasMessage(refusal.getMessage());
            return refusal;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private FormatException refusedZip(byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("bad.npz"), bytes);
        return catchThrowableOfType(FormatException.class, () -> Npz.read(file, arena));
    }

    static byte[] npy(int version, String header, int data) {
        int start = version == 2 ? 12 : 10;
        ByteBuffer bytes = ByteBuffer.allocate(start + header.length() + data).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
        if (version == 2) {
            bytes.putInt(header.length());
        } else {
            bytes.putShort((short) header.length());
        }
        return bytes.put(header.getBytes(StandardCharsets.ISO_8859_1)).array();
    }

    private static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                ZipEntry stored = new ZipEntry(entry.getKey());
                CRC32 crc = new CRC32();
                crc.update(entry.getValue());
                stored.setMethod(ZipEntry.STORED);
                stored.setSize(entry.getValue().length);
                stored.setCrc(crc.getValue());
                zip.putNextEntry(stored);
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
        return out.toByteArray();
    }

    @Test
    void anArraySaysWhatItCannotBe() {
        assertThatThrownBy(() -> NpyArray.of(new float[5], 2, 3)).hasMessageContaining("24 bytes");
        assertThatThrownBy(() -> NpyArray.of(new float[5], -1)).hasMessageContaining("has no size");
        assertThatThrownBy(() ->
                        new NpyArray(TensorType.BF16, ByteOrder.LITTLE_ENDIAN, false, new long[0], MemorySegment.NULL))
                .hasMessageContaining("bfloat16");
        assertThatThrownBy(() -> NpyArray.of(new float[2], 2).copyFloats(MemorySegment.ofArray(new float[1])))
                .hasMessageContaining("8 bytes");
    }
}
