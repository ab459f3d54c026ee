package io.gatun.nn.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Flatten;
import io.gatun.nn.Linear;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.Sequential;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Byte for byte, by a parser of the test's own, and by TensorBoard itself where Python has it. */
class TensorBoardTest {
    private static final float[] NUMBERS = {-1, 0.5f, 0.5f, 3, Float.NaN, Float.POSITIVE_INFINITY};
    private static final byte[] PIXELS = {(byte) 255, 0, 0, 0, (byte) 255, 0};

    @TempDir
    private Path folder;

    /** A file with one of everything. */
    private Path everything() throws IOException {
        NativeMemory memory = NativeMemory.standard();
        Sequential model =
                new Sequential(new Flatten(), new Linear(4, 3), new Sequential(Nonlinearity.relu()), new Linear(3, 2));
        try (TensorBoard board = new TensorBoard(folder, () -> 1_700_000_000_500L);
                Kernels kernels = Kernels.open("simd", 1, memory);
                Parameters _ = model.allocate(memory, 1);
                Tape tape = new Tape(kernels, memory)) {
            board.scalar("train/loss", 0.25, 1);
            board.scalar("train/loss", -1.5, 300);
            board.histogram("weights", NUMBERS, 7);
            board.image("picture", PIXELS, 1, 2, 3, 7);
            board.text("remark", "first **run**, größer", 2);
            Map<String, Object> settings = new LinkedHashMap<>();
            settings.put("lr", 0.1);
            settings.put("batch", 32);
            settings.put("nesterov", true);
            settings.put("model", "resnet20");
            board.hyperParameters(settings, List.of("test/accuracy"));
            board.sessionEnd();
            try (var _ = tape.noGrad()) {
                board.graph(ModelGraph.of(model, tape.tensor(Shape.of(1, 2, 2), 1, 2, 3, 4)));
            }
            board.embedding("letters", new float[][] {{1, 2}, {3, 4.5f}}, List.of("a", "b\tc"));
        }
        return TensorBoard.files(folder).getLast();
    }

    @Test
    void aScalarIsTheseBytes() throws IOException {
        try (TensorBoard board = new TensorBoard(folder, () -> 1_700_000_000_500L)) {
            board.scalar("loss", 0.25, 300);
        }
        Path file = TensorBoard.files(folder).getFirst();
        assertThat(file.getFileName()).hasToString("events.out.tfevents.1700000000.500");
        // TensorBoard's own messages and CRCs, see tensorboard_golden.py.
        String golden = new String(
                        getClass().getResourceAsStream("scalar.golden.txt").readAllBytes(), StandardCharsets.US_ASCII)
                .strip();
        assertThat(HexFormat.of().formatHex(Files.readAllBytes(file))).isEqualTo(golden);
    }

    private static ProtoParser value(ProtoParser event) {
        return event.message(5).message(1);
    }

    @Test
    void everyEventReadsBack() throws IOException {
        List<ProtoParser> events = ProtoParser.records(Files.readAllBytes(everything()));
        assertThat(events).hasSize(10).allMatch(event -> event.one(1).equals(1_700_000_000.5));
        assertThat(events.getFirst().text(3)).isEqualTo("brain.Event:2");
        assertThat(events.get(2).one(2)).isEqualTo(300L);
        assertThat(value(events.get(2)).text(1)).isEqualTo("train/loss");
        assertThat(value(events.get(2)).one(2)).isEqualTo(-1.5f);

        ProtoParser histogram = value(events.get(3)).message(5);
        assertThat(histogram.one(1)).isEqualTo(-1.0);
        assertThat(histogram.one(2)).isEqualTo(3.0);
        assertThat(histogram.one(3)).isEqualTo(4.0);
        assertThat(histogram.one(4)).isEqualTo(3.0);
        assertThat(histogram.one(5)).isEqualTo(10.5);
        double[] limits = histogram.doubles(6);
        double[] counts = histogram.doubles(7);
        assertThat(limits).hasSize(64).isSorted().endsWith(3.0);
        assertThat(Arrays.stream(counts).sum()).isEqualTo(4);
        assertThat(counts[0]).isEqualTo(1);
        assertThat(counts[63]).isEqualTo(1);
        // 0.5 is 24 widths of 1/16 from -1.
        assertThat(counts[24]).isEqualTo(2);
        assertThat(limits[24]).isEqualTo(0.5625);

        ProtoParser image = value(events.get(4)).message(4);
        assertThat(List.of(image.one(1), image.one(2), image.one(3))).isEqualTo(List.of(1L, 2L, 3L));
        assertThat((byte[]) image.one(4)).isEqualTo(Png.encode(PIXELS, 1, 2, 3));

        ProtoParser text = value(events.get(5));
        assertThat(text.message(8).text(8)).isEqualTo("first **run**, größer");
        assertThat(text.message(8).one(1)).isEqualTo(7L);
        assertThat(text.message(9).message(1).text(1)).isEqualTo("text");

        ProtoParser start =
                value(events.get(7)).message(9).message(1).message(2).message(3);
        assertThat(start.messages(1))
                .extracting(entry -> entry.text(1))
                .containsExactly("lr", "batch", "nesterov", "model");
        assertThat(start.messages(1).get(0).message(2).one(2)).isEqualTo(0.1);
        assertThat(start.messages(1).get(2).message(2).one(4)).isEqualTo(1L);
        assertThat(start.messages(1).get(3).message(2).text(3)).isEqualTo("resnet20");

        List<ProtoParser> nodes = events.get(9).message(4).messages(1);
        assertThat(nodes).extracting(node -> node.text(1)).containsExactly("input", "0", "1", "2/0", "3");
        assertThat(nodes)
                .extracting(node -> node.text(2))
                .containsExactly("Placeholder", "Flatten", "Linear", "Nonlinearity", "Linear");
        assertThat(nodes.subList(1, 5)).extracting(node -> node.text(3)).containsExactly("input", "0", "1", "2/0");
    }

    @Test
    void aResumedFileDropsWhatCameLaterAndWhatAKillCutOff() throws IOException {
        try (TensorBoard board = new TensorBoard(folder, () -> 1_700_000_000_500L)) {
            for (int step = 0; step <= 1000; step += 100) {
                board.scalar("loss", step, step);
            }
        }
        Path file = TensorBoard.files(folder).getFirst();
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 5));
        try (TensorBoard board = TensorBoard.resumed(folder, 300)) {
            board.scalar("loss", 7, 400);
        }
        assertThat(TensorBoard.files(folder)).hasSize(1);
        List<ProtoParser> events = ProtoParser.records(Files.readAllBytes(file));
        assertThat(events.stream().skip(1).map(event -> event.has(2) ? event.one(2) : 0L))
                .containsExactly(0L, 100L, 200L, 300L, 400L);
        assertThat(value(events.getLast()).one(2)).isEqualTo(7f);
        Files.write(file, new byte[] {1, 2, 3});
        TensorBoard.resumed(folder, 5).close();
        assertThat(Files.size(file)).as("nothing of it was whole").isZero();
    }

    @Test
    void refusesAnEmbeddingThatIsNone() {
        try (TensorBoard board = new TensorBoard(folder)) {
            assertThatThrownBy(() -> board.embedding("../x", new float[][] {{1}}, List.of("a")))
                    .hasMessageContaining("becomes a file's name");
            assertThatThrownBy(() -> board.embedding("x", new float[][] {{1}}, List.of("a", "b")))
                    .hasMessageContaining("1 vectors and 2 labels");
            assertThatThrownBy(() -> board.embedding("x", new float[][] {{1}, {1, 2}}, List.of("a", "b")))
                    .hasMessageContaining("of 1 and of 2 numbers");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void numbersThatAreEqualOrNoneHaveAHistogram() {
        assertThat(Histogram.of(new float[] {2, 2, 2}).counts()).containsExactly(3);
        assertThat(Histogram.of(new float[0]).counts()).containsExactly(0);
        assertThat(Histogram.of(new float[] {Float.NaN}).others()).isEqualTo(1);
    }

    /** Needs Python with the package tensorboard: {@code -Dgatun.python=…} or {@code python3}. */
    @Test
    void tensorBoardItselfReadsIt() throws Exception {
        String python = System.getProperty("gatun.python", "python3");
        assumeTrue(
                runs(python, "-c", "import tensorboard"), "SKIPPED: " + python + " has no tensorboard; -Dgatun.python");
        everything();
        Path script = folder.resolve("read.py");
        Files.copy(getClass().getResourceAsStream("read_events.py"), script);
        Process process = new ProcessBuilder(python, script.toString(), folder.toString())
                .redirectErrorStream(true)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(out).isZero();
        assertThat(out.strip().lines().toList()).endsWith("read everything");
    }

    private static boolean runs(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            // There is no such program.
            return false;
        }
    }
}
