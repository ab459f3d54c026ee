package io.gatun.nn.data.text;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.gatun.nn.data.text.BytePairEncoding.Merge;
import io.gatun.nn.io.FormatException;
import io.gatun.nn.io.InputFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** {@code {"format": "gatun-bpe-1", "special": [names], "merges": [[left, right], …]}}, read strictly. */
final class BytePairFile {
    private static final String FORMAT = "gatun-bpe-1";

    /** A million merges take 16 MB. */
    private static final int MAX_BYTES = 32 << 20;

    private static final StreamReadConstraints LIMITS = StreamReadConstraints.builder()
            .maxNestingDepth(3)
            .maxNumberLength(10)
            .maxNameLength(64)
            .maxStringLength(1024)
            .build();

    private final Path file;
    private final JsonParser parser;

    private BytePairFile(Path file, JsonParser parser) {
        this.file = file;
        this.parser = parser;
    }

    static void save(BytePairEncoding encoding, Path file) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            try (OutputStream out = Files.newOutputStream(temporary);
                    JsonGenerator json = new JsonFactory().createGenerator(out, JsonEncoding.UTF8)) {
                json.writeStartObject();
                json.writeStringField("format", FORMAT);
                json.writeArrayFieldStart("special");
                for (String name : encoding.specialTokens()) {
                    json.writeString(name);
                }
                json.writeEndArray();
                json.writeArrayFieldStart("merges");
                for (Merge merge : encoding.merges()) {
                    json.writeArray(new int[] {merge.left(), merge.right()}, 0, 2);
                }
                json.writeEndArray();
                json.writeEndObject();
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    static BytePairEncoding load(Path file) throws IOException {
        byte[] bytes;
        try (FileChannel channel = InputFile.open(file)) {
            if (channel.size() > MAX_BYTES) {
                throw new FormatException(file, MAX_BYTES, "the byte-pair file is larger than the limit of 32 MiB");
            }
            bytes = new byte[(int) channel.size()];
            InputFile.readFully(channel, ByteBuffer.wrap(bytes), 0, file);
        }
        JsonFactory strict = JsonFactory.builder()
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .disable(JsonFactory.Feature.CHARSET_DETECTION)
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .streamReadConstraints(LIMITS)
                .build();
        try (JsonParser parser = strict.createParser(bytes)) {
            return new BytePairFile(file, parser).read();
        } catch (JsonProcessingException e) {
            long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getByteOffset());
            throw new FormatException(file, at, "the byte-pair file is no JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new FormatException(file, 0, "the byte-pair file contradicts itself: " + e.getMessage(), e);
        }
    }

    private BytePairEncoding read() throws IOException {
        String format = null;
        List<String> special = null;
        List<Merge> merges = null;
        expect(JsonToken.START_OBJECT);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            switch (parser.currentName()) {
                case "format" -> format = string(parser.nextToken());
                case "special" -> special = names();
                case "merges" -> merges = merges();
                default -> throw broken("has the unknown field \"" + parser.currentName() + "\"");
            }
        }
        if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
            throw broken("goes on where it should end");
        }
        if (!FORMAT.equals(format) || special == null || merges == null) {
            throw broken("needs format \"" + FORMAT + "\", special and merges");
        }
        return new BytePairEncoding(merges, special);
    }

    private List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        expect(JsonToken.START_ARRAY);
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            names.add(string(token));
        }
        return names;
    }

    private List<Merge> merges() throws IOException {
        List<Merge> merges = new ArrayList<>();
        expect(JsonToken.START_ARRAY);
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            if (token != JsonToken.START_ARRAY) {
                throw broken("has something else than a pair among its merges");
            }
            merges.add(new Merge(number(), number()));
            expect(JsonToken.END_ARRAY);
        }
        return merges;
    }

    private int number() throws IOException {
        expect(JsonToken.VALUE_NUMBER_INT);
        long value = parser.getLongValue();
        if (value != (int) value) {
            throw broken("has the token " + value);
        }
        return (int) value;
    }

    private String string(JsonToken token) throws IOException {
        if (token != JsonToken.VALUE_STRING) {
            throw broken("has " + token + " where a string is expected");
        }
        return parser.getText();
    }

    private void expect(JsonToken wanted) throws IOException {
        JsonToken token = parser.nextToken();
        if (token != wanted) {
            throw broken("has " + token + " where " + wanted + " is expected");
        }
    }

    private FormatException broken(String problem) {
        long at = Math.max(0, parser.currentTokenLocation().getByteOffset());
        return new FormatException(file, at, "the byte-pair file " + problem);
    }
}
