package io.gatun.nn.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * Writes an event file that {@code tensorboard --logdir FOLDER} shows, without any library: protocol buffers by hand, in
 * TFRecords. Field numbers are those of TensorFlow's event.proto and summary.proto. Tags with a slash make groups. Each
 * event is on its way to the disk when the method returns. One thread at a time.
 */
public final class TensorBoard implements AutoCloseable {
    private static final String PREFIX = "events.out.tfevents.";
    private static final int STEP_FIELD = 2 << 3;

    private final Path folder;
    private final EventFile file;
    private final LongSupplier millis;

    /** A new event file in {@code folder}, which is made if there is none; those of earlier runs there are shown too. */
    public TensorBoard(Path folder) throws IOException {
        this(folder, System::currentTimeMillis);
    }

    TensorBoard(Path folder, LongSupplier millis) throws IOException {
        this(folder, EventFile.open(fresh(folder, millis), event -> true), millis);
        file.write(event(0).text(3, "brain.Event:2").toBytes());
    }

    private TensorBoard(Path folder, EventFile file, LongSupplier millis) {
        this.folder = folder;
        this.file = file;
        this.millis = millis;
    }

    /** Goes on in the folder's latest event file, without the events behind {@code step}; a new one if there is none. */
    public static TensorBoard resumed(Path folder, long step) throws IOException {
        List<Path> files = files(folder);
        if (files.isEmpty()) {
            return new TensorBoard(folder);
        }
        EventFile kept = EventFile.open(files.getLast(), event -> stepOf(event) <= step);
        return new TensorBoard(folder, kept, System::currentTimeMillis);
    }

    /** The event files of a folder, the oldest first. */
    static List<Path> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(path -> path.getFileName().toString().startsWith(PREFIX)
                            && !path.getFileName().toString().endsWith(".tmp"))
                    .sorted()
                    .toList();
        }
    }

    private static Path fresh(Path folder, LongSupplier millis) throws IOException {
        Files.createDirectories(folder);
        long now = millis.getAsLong();
        Path path = folder.resolve(PREFIX + "%010d.%03d".formatted(now / 1000, now % 1000));
        Files.deleteIfExists(path);
        return path;
    }

    /** Events are written with the time first (9 bytes) and the step, where it is not 0, second. */
    private static long stepOf(byte[] event) {
        ByteBuffer bytes = ByteBuffer.wrap(event, 9, event.length - 9);
        if (!bytes.hasRemaining() || bytes.get() != STEP_FIELD) {
            return 0;
        }
        long step = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = bytes.get();
            step |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return step;
            }
        }
    }

    private Proto event(long step) {
        Proto event = new Proto().real(1, millis.getAsLong() / 1000.0);
        return step == 0 ? event : event.number(2, step);
    }

    private void value(long step, Proto value) throws IOException {
        file.write(event(step).message(5, new Proto().message(1, value)).toBytes());
    }

    /** One number; kept as float32. */
    public void scalar(String tag, double value, long step) throws IOException {
        value(step, new Proto().text(1, tag).single(2, (float) value));
    }

    /** How numbers are spread; see {@link Histogram}. */
    public void histogram(String tag, float[] values, long step) throws IOException {
        value(step, new Proto().text(1, tag).message(5, Histogram.of(values).proto()));
    }

    /** As above, of float32 values off the heap. */
    public void histogram(String tag, MemorySegment values, long step) throws IOException {
        histogram(tag, values.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED), step);
    }

    /**
     * A picture of {@code height x width x channels} bytes, grey (1) or RGB (3).
     *
     * @throws IllegalArgumentException if the sizes do not fit
     */
    public void image(String tag, byte[] pixels, int height, int width, int channels, long step) throws IOException {
        Proto image = new Proto()
                .number(1, height)
                .number(2, width)
                .number(3, channels)
                .bytes(4, Png.encode(pixels, height, width, channels));
        value(step, new Proto().text(1, tag).message(4, image));
    }

    /** Text, shown as Markdown. */
    public void text(String tag, String text, long step) throws IOException {
        // DT_STRING of shape [1], for the plugin "text"; a tag's second half tells its metadata apart from scalars.
        Proto shape = new Proto().message(2, new Proto().number(1, 1));
        Proto tensor = new Proto().number(1, 7).message(2, shape).text(8, text);
        Proto metadata = new Proto().message(1, new Proto().text(1, "text"));
        value(
                step,
                new Proto().text(1, tag + "/text_summary").message(8, tensor).message(9, metadata));
    }

    /** A model's layers and how they hang together. */
    public void graph(ModelGraph graph) throws IOException {
        file.write(event(0).bytes(4, graph.proto().toBytes()).toBytes());
    }

    /**
     * The settings of this run for the HPARAMS page, which compares runs in folders side by side.
     *
     * @param settings numbers, booleans, or anything else as its text
     * @param metrics tags of scalars that say how good the run is
     */
    public void hyperParameters(Map<String, ?> settings, List<String> metrics) throws IOException {
        double now = millis.getAsLong() / 1000.0;
        hparams("_hparams_/experiment", 2, HyperParameters.experiment(settings, metrics, now));
        hparams("_hparams_/session_start_info", 3, HyperParameters.sessionStart(settings, now));
    }

    /** Says on the HPARAMS page that the run has ended well. */
    public void sessionEnd() throws IOException {
        Proto end = new Proto().number(1, 1).real(2, millis.getAsLong() / 1000.0);
        hparams("_hparams_/session_end_info", 4, end);
    }

    private void hparams(String tag, int field, Proto data) throws IOException {
        Proto content = new Proto().number(1, 0).message(field, data);
        Proto plugin = new Proto().text(1, "hparams").bytes(2, content.toBytes());
        value(0, new Proto().text(1, tag).message(9, new Proto().message(1, plugin)));
    }

    /**
     * Points for the PROJECTOR page: files {@code NAME.tsv} and {@code NAME.labels.tsv} and an entry in
     * {@code projector_config.pbtxt} of this folder.
     *
     * @param vectors one row a point
     * @param labels one a point
     */
    public void embedding(String name, float[][] vectors, List<String> labels) throws IOException {
        Projector.write(folder, name, vectors, labels);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
