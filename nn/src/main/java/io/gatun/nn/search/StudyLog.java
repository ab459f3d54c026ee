package io.gatun.nn.search;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.gatun.nn.io.FormatException;
import io.gatun.nn.io.InputFile;
import io.gatun.nn.io.RunLock;
import io.gatun.nn.log.JsonLine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The outcomes of a study, a line of JSON each, written and forced to the disk one by one. Safe for many threads. */
final class StudyLog implements AutoCloseable {
    private static final JsonFactory JSON = new JsonFactory();

    private record Key(int number, int budget) {}

    private final Path file;
    private final FileChannel channel;
    private final Map<Key, Outcome> known = new HashMap<>();

    private StudyLog(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** The log in a folder, with what is there; without a folder nothing is kept. */
    static StudyLog of(Path folder) throws IOException {
        if (folder == null) {
            return new StudyLog(null, null);
        }
        Path file = folder.resolve("trials.jsonl");
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        RunLock.take(channel, file);
        StudyLog log = new StudyLog(file, channel);
        try {
            channel.position(log.read());
            channel.truncate(channel.position());
            return log;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Where the whole lines end: what follows was being written when the process died. */
    private long read() throws IOException {
        // Through the channel: to open and close the file once more would give its lock back.
        byte[] bytes = new byte[Math.toIntExact(channel.size())];
        InputFile.readFully(channel, ByteBuffer.wrap(bytes), 0, file);
        int from = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                Outcome outcome = parse(new String(bytes, from, i - from, StandardCharsets.UTF_8), from);
                known.put(new Key(outcome.number(), outcome.budget()), outcome);
                from = i + 1;
            }
        }
        return from;
    }

    /**
     * What is known of a request.
     *
     * @throws IllegalArgumentException if that number had other values
     */
    Optional<Outcome> outcome(Strategy.Request request) {
        Outcome outcome = known.get(new Key(request.number(), request.budget()));
        if (outcome != null && !outcome.values().equals(request.values())) {
            throw new IllegalArgumentException(file + ": trial " + request.number() + " had the values "
                    + outcome.values() + ", this study asks for " + request.values()
                    + "; give the space, strategy and seed that the folder was begun with, or another folder");
        }
        return Optional.ofNullable(outcome);
    }

    synchronized void write(Outcome outcome) throws IOException {
        if (channel == null) {
            return;
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("number", outcome.number());
        line.put("budget", outcome.budget());
        line.put("values", outcome.values());
        line.put("seconds", outcome.seconds());
        if (outcome.failed()) {
            line.put("failure", outcome.failure());
        } else {
            // JSON has no infinite numbers.
            line.put("score", Double.isFinite(outcome.score()) ? outcome.score() : Double.toString(outcome.score()));
        }
        ByteBuffer bytes = ByteBuffer.wrap((JsonLine.of(line) + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(true);
    }

    private Outcome parse(String line, int offset) throws IOException {
        int number = -1;
        int budget = 0;
        double score = Double.NaN;
        double seconds = 0;
        String failure = null;
        Map<String, Object> values = new LinkedHashMap<>();
        try (JsonParser json = JSON.createParser(line)) {
            expect(json.nextToken() == JsonToken.START_OBJECT, offset);
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                JsonToken value = json.nextToken();
                switch (field) {
                    case "number" -> number = json.getIntValue();
                    case "budget" -> budget = json.getIntValue();
                    case "score" -> score = real(json);
                    case "seconds" -> seconds = real(json);
                    case "failure" -> failure = json.getText();
                    case "values" -> {
                        expect(value == JsonToken.START_OBJECT, offset);
                        readValues(json, values);
                    }
                    default -> throw new FormatException(file, offset, "a trial has no '" + field + "'");
                }
            }
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            throw new FormatException(file, offset, "a line is no JSON: " + e.getOriginalMessage());
        }
        expect(number >= 0, offset);
        return new Outcome(number, budget, values, score, seconds, failure);
    }

    /** Infinite scores are written as words. */
    private static double real(JsonParser json) throws IOException {
        return json.currentToken() == JsonToken.VALUE_STRING
                ? Double.parseDouble(json.getText())
                : json.getDoubleValue();
    }

    private static void readValues(JsonParser json, Map<String, Object> values) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            switch (json.nextToken()) {
                case VALUE_NUMBER_INT -> values.put(name, json.getLongValue());
                case VALUE_NUMBER_FLOAT -> values.put(name, json.getDoubleValue());
                default -> values.put(name, json.getText());
            }
        }
    }

    private void expect(boolean holds, int offset) throws FormatException {
        if (!holds) {
            throw new FormatException(file, offset, "a line is no trial");
        }
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }
}
