package io.gatun.nn.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class SafetensorsRefusalTest {
    private static final String GOOD = "{'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}";

    @TempDir
    Path folder;

    @Test
    void theBaseOfTheseCasesIsGood() throws IOException {
        try (SafetensorsFile open = Safetensors.open(file(GOOD, 8))) {
            assertThat(open.tensors()).hasSize(1);
        }
        try (SafetensorsFile open = Safetensors.open(file("{}", 0))) {
            assertThat(open.tensors()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        duplicate key     | 8  | {'x':{'dtype':'U8','shape':[8],'data_offsets':[0,8]},'x':{'dtype':'U8','shape':[0],'data_offsets':[8,8]}} | Duplicate
        duplicate field   | 8  | {'x':{'dtype':'U8','dtype':'U8','shape':[8],'data_offsets':[0,8]}} | Duplicate
        two metadata      | 0  | {'__metadata__':{},'__metadata__':{}} | Duplicate
        deep nesting      | 0  | {'x':{'shape':[[[[[[[[1]]]]]]]]}} | nesting depth
        nested shape      | 8  | {'x':{'dtype':'U8','shape':[[8]],'data_offsets':[0,8]}} | nesting depth
        unknown dtype     | 8  | {'x':{'dtype':'F8_E4M3','shape':[8],'data_offsets':[0,8]}} | unknown dtype "F8_E4M3"
        lower-case dtype  | 8  | {'x':{'dtype':'u8','shape':[8],'data_offsets':[0,8]}} | unknown dtype
        unknown field     | 8  | {'x':{'dtype':'U8','shape':[8],'data_offsets':[0,8],'a':1}} | unknown field "a"
        missing shape     | 8  | {'x':{'dtype':'U8','data_offsets':[0,8]}} | needs dtype, shape
        one offset        | 8  | {'x':{'dtype':'U8','shape':[8],'data_offsets':[8]}} | needs dtype, shape
        three offsets     | 8  | {'x':{'dtype':'U8','shape':[8],'data_offsets':[0,8,8]}} | more than 2
        negative shape    | 8  | {'x':{'dtype':'U8','shape':[-8],'data_offsets':[0,8]}} | negative
        float shape       | 8  | {'x':{'dtype':'U8','shape':[8.0],'data_offsets':[0,8]}} | whole numbers
        string shape      | 8  | {'x':{'dtype':'U8','shape':['8'],'data_offsets':[0,8]}} | whole numbers
        null tensor       | 8  | {'x':null} | an object for "x"
        shape overflow    | 8  | {'x':{'dtype':'F32','shape':[4611686018427387904,4],'data_offsets':[0,8]}} | overflows
        overflow with 0   | 0  | {'x':{'dtype':'F32','shape':[4611686018427387904,4,0],'data_offsets':[0,0]}} | overflows
        number over long  | 8  | {'x':{'dtype':'U8','shape':[9223372036854775808],'data_offsets':[0,8]}} | out of range
        endless number    | 8  | {'x':{'dtype':'U8','shape':[100000000000000000000000000],'data_offsets':[0,8]}} | maximum
        size mismatch     | 8  | {'x':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | needs 12 bytes
        reversed offsets  | 8  | {'x':{'dtype':'U8','shape':[0],'data_offsets':[8,0]}} | needs 0 bytes
        huge offsets      | 8  | {'x':{'dtype':'U8','shape':[1],'data_offsets':[9223372036854775806,9223372036854775807]}} | a hole
        hole at start     | 8  | {'x':{'dtype':'U8','shape':[4],'data_offsets':[4,8]}} | a hole after 0
        hole between      | 8  | {'x':{'dtype':'U8','shape':[2],'data_offsets':[0,2]},'y':{'dtype':'U8','shape':[5],'data_offsets':[3,8]}} | a hole after 2
        overlap           | 8  | {'x':{'dtype':'U8','shape':[5],'data_offsets':[0,5]},'y':{'dtype':'U8','shape':[5],'data_offsets':[3,8]}} | an overlap before 5
        trailing bytes    | 9  | {'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 1 bytes follow
        truncated data    | 7  | {'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | truncated
        metadata number   | 0  | {'__metadata__':{'a':1}} | a string for metadata
        metadata object   | 0  | {'__metadata__':{'a':{}}} | a string for metadata
        empty name        | 8  | {'':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | empty name
        something after   | 0  | {}{} | follows
        not an object     | 0  | [] | does not start with
        leading space     | 0  | ` {}` | does not start with
        unfinished        | 0  | {'x' | not valid
        nothing           | 0  | `` | does not start with
        """)
    void refuses(String what, int dataBytes, String header, String says) throws IOException {
        Path file = file(header, dataBytes);
        assertThat(refusal(file)).as(what).hasMessageContaining(says);
    }

    @Test
    void refusesUtf16() throws IOException {
        assertThat(refusal(file(GOOD.replace('\'', '"').getBytes(StandardCharsets.UTF_16LE), 8))
                        .offset())
                .isBetween(8L, 12L);
    }

    @Test
    void refusesHeaderLengthsBeforeAllocating() throws IOException {
        for (long length : new long[] {Long.MIN_VALUE, -1, Long.MAX_VALUE, 100L << 20, (16L << 20) + 1}) {
            Path file = folder.resolve("length");
            Files.write(
                    file,
                    ByteBuffer.allocate(64)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(0, length)
                            .array());
            FormatException refusal = refusal(file);
            assertThat(refusal.offset()).isZero();
            assertThat(refusal).hasMessageContaining("above the limit");
        }
        Path file = folder.resolve("longer-than-file");
        Files.write(
                file,
                ByteBuffer.allocate(64)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(0, 57)
                        .array());
        assertThat(refusal(file).offset()).isEqualTo(64);
    }

    @Test
    void saysWhatToDoWithAFileOfTorchSave() throws IOException {
        byte[] zip = {'P', 'K', 3, 4, 0, 0, 0, 0, 8, 8, 0, 0, 0, 0};
        byte[] pickle = {(byte) 0x80, 2, (byte) 0x8A, 10, 'l', (byte) 0xFC, (byte) 0x9C, 'F', (byte) 0xF9, ' '};
        for (byte[] start : new byte[][] {zip, pickle}) {
            Path file = Files.write(folder.resolve("resnet18.pth"), start);
            assertThat(refusal(file)).hasMessageContaining("torch.save").hasMessageContaining("save_file");
        }
    }

    @Test
    void refusesWhatIsNotARegularFile() throws Exception {
        assertThat(refusal(folder)).hasMessageContaining("directory");
        Path link = Files.createSymbolicLink(folder.resolve("link"), file(GOOD, 8));
        assertThat(refusal(link)).hasMessageContaining("symbolic link");
        Safetensors.open(link.toRealPath()).close();
        Path pipe = folder.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "SKIPPED: no mkfifo here");
        assertThat(refusal(pipe)).hasMessageContaining("pipe");
    }

    /** Any flip of header bytes is a parse that tiles the file, or a FormatException inside it; never anything else. */
    @Test
    void survivesFlippedBytes() throws IOException {
        long seed = 20260;
        Random random = new Random(seed);
        byte[] good =
                ("{\"__metadata__\":{\"a\":\"b\"},\"x\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                                + "\"y\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[8,11]}}")
                        .getBytes(StandardCharsets.UTF_8);
        Path file = Path.of("fuzzed");
        int accepted = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = good.clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                // Half of the cases stay printable: those get past the JSON parser more often.
                int value = i % 2 == 0 ? random.nextInt(256) : ' ' + random.nextInt(95);
                bytes[random.nextInt(bytes.length)] = (byte) value;
            }
            long size = 8 + bytes.length + 11;
            try {
                long end = 8 + bytes.length;
                for (TensorInfo tensor :
                        SafetensorsHeader.parse(bytes, size, file).tensors()) {
                    assertThat(tensor.offset()).isEqualTo(end);
                    end += tensor.byteSize();
                }
                assertThat(end).isEqualTo(size);
                accepted++;
            } catch (FormatException refused) {
                assertThat(refused.offset()).as("seed %d case %d", seed, i).isBetween(0L, size);
            }
        }
        // Flips within names and strings are harmless; if none or all got through, the test would prove nothing.
        assertThat(accepted).isBetween(100, 10_000);
    }

    private static FormatException refusal(Path file) {
        FormatException refusal = catchThrowableOfType(
                FormatException.class, () -> Safetensors.open(file).close());
        assertThat(refusal).as(file.toString()).isNotNull();
        assertThat(refusal.file()).isEqualTo(file);
        return refusal;
    }

    private Path file(String header, int dataBytes) throws IOException {
        String json = header == null ? "" : header.replace('\'', '"');
        return file(json.getBytes(StandardCharsets.UTF_8), dataBytes);
    }

    private Path file(byte[] header, int dataBytes) throws IOException {
        Path file = folder.resolve("case.safetensors");
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(file, bytes.putLong(header.length).put(header).array());
        return file;
    }
}
