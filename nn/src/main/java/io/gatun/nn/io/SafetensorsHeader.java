package io.gatun.nn.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamReadException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Strict reader of a safetensors header: one JSON object from tensor name to {@code {"dtype", "shape",
 * "data_offsets": [begin, end)}}, with {@code __metadata__} a map of strings. The tensors must tile the data section
 * from its first byte to the file's last without hole or overlap. Anything else is a {@link FormatException} at the
 * byte of the file where the trouble is.
 */
final class SafetensorsHeader {
    static final String METADATA = "__metadata__";

    /** The header's length field comes first, little-endian. */
    static final int PREFIX = 8;

    /** 16 MiB describe 160,000 tensors; the largest published checkpoints need less than 1 MiB. */
    static final int MAX_BYTES = 16 << 20;

    private static final int MAX_RANK = 32;

    private static final StreamReadConstraints LIMITS = StreamReadConstraints.builder()
            .maxNestingDepth(3) // file, tensor, array
            .maxNumberLength(20)
            .maxNameLength(4096)
            .maxStringLength(MAX_BYTES)
            .build();

    private final Path file;
    private final long dataStart;
    private final long fileSize;
    private final List<Found> found = new ArrayList<>();

    /** Reused for every shape: a header of the greatest size has 160,000. */
    private final long[] numbers = new long[MAX_RANK];

    private final Map<String, String> metadata = new LinkedHashMap<>();

    /** A tensor and the byte of the header that speaks of it. */
    private record Found(TensorInfo info, long begin, long end, long at) {}

    private SafetensorsHeader(Path file, int length, long fileSize) {
        this.file = file;
        this.dataStart = PREFIX + (long) length;
        this.fileSize = fileSize;
    }

    /**
     * Parses and checks {@code json}, the bytes [8, 8 + length) of {@code file}.
     *
     * @throws FormatException for anything that the format does not allow
     */
    static SafetensorsHeader parse(byte[] json, long fileSize, Path file) throws IOException {
        SafetensorsHeader header = new SafetensorsHeader(file, json.length, fileSize);
        if (json.length == 0 || json[0] != '{') {
            throw header.broken(PREFIX, "the header does not start with '{'", null);
        }
        try (JsonParser parser = strictJson().createParser(json)) {
            header.readFile(parser);
        } catch (StreamReadException e) {
            long at = e.getLocation() == null ? -1 : e.getLocation().getByteOffset();
            throw header.broken(PREFIX + Math.max(at, 0), "the header is not valid: " + e.getOriginalMessage(), e);
        } catch (JsonProcessingException e) {
            throw header.broken(PREFIX, "the header is not valid: " + e.getOriginalMessage(), e);
        }
        header.checkTiling();
        return header;
    }

    /** In the order of their bytes in the file. */
    List<TensorInfo> tensors() {
        return found.stream().map(Found::info).toList();
    }

    Map<String, String> metadata() {
        return metadata;
    }

    /**
     * A factory for one file: it keeps a table of the names it has seen, and a hostile file must leave nothing behind.
     * Charset detection is off because the format is UTF-8 only.
     */
    private static JsonFactory strictJson() {
        return JsonFactory.builder()
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .disable(JsonFactory.Feature.CHARSET_DETECTION)
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .streamReadConstraints(LIMITS)
                .build();
    }

    private void readFile(JsonParser parser) throws IOException {
        expect(parser, parser.nextToken(), JsonToken.START_OBJECT, "an object");
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            long at = at(parser);
            expect(parser, parser.nextToken(), JsonToken.START_OBJECT, "an object for \"" + name + "\"");
            if (name.equals(METADATA)) {
                readMetadata(parser);
            } else if (name.isEmpty()) {
                throw broken(at, "a tensor has an empty name", null);
            } else {
                found.add(readTensor(parser, name, at));
            }
        }
        if (parser.nextToken() != null) {
            throw broken(at(parser), "something follows the header's object", null);
        }
    }

    private void readMetadata(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            expect(parser, parser.nextToken(), JsonToken.VALUE_STRING, "a string for metadata \"" + key + "\"");
            metadata.put(key, parser.getText());
        }
    }

    private Found readTensor(JsonParser parser, String name, long at) throws IOException {
        TensorType type = null;
        long[] shape = null;
        long[] offsets = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (key) {
                case "dtype" -> type = readType(parser, value, name);
                case "shape" -> shape = readLongs(parser, value, MAX_RANK, name + ".shape");
                case "data_offsets" -> offsets = readLongs(parser, value, 2, name + ".data_offsets");
                default -> throw broken(at(parser), "tensor " + name + " has an unknown field \"" + key + "\"", null);
            }
        }
        if (type == null || shape == null || offsets == null || offsets.length != 2) {
            throw broken(at, "tensor " + name + " needs dtype, shape and two data_offsets", null);
        }
        return check(name, type, shape, offsets[0], offsets[1], at);
    }

    private Found check(String name, TensorType type, long[] shape, long begin, long end, long at)
            throws FormatException {
        long bytes;
        try {
            bytes = type.bytes(shape);
        } catch (ArithmeticException e) {
            throw broken(at, "tensor " + name + ": the size of shape " + Arrays.toString(shape) + " overflows", e);
        }
        if (begin > end || end - begin != bytes) {
            throw broken(
                    at,
                    "tensor " + name + " " + type + Arrays.toString(shape) + " needs " + bytes
                            + " bytes but its data_offsets are [" + begin + ", " + end + "]",
                    null);
        }
        // No overflow: checkTiling compares begin with sums of checked sizes before dataStart + begin is used.
        return new Found(new TensorInfo(name, type, shape, dataStart + begin, bytes), begin, end, at);
    }

    private TensorType readType(JsonParser parser, JsonToken value, String name) throws IOException {
        expect(parser, value, JsonToken.VALUE_STRING, "a string for " + name + ".dtype");
        String text = parser.getText();
        for (TensorType type : TensorType.values()) {
            if (type.name().equals(text)) {
                return type;
            }
        }
        throw broken(
                at(parser),
                "tensor " + name + " has the unknown dtype \"" + text + "\"; known are "
                        + Arrays.toString(TensorType.values()),
                null);
    }

    /** Non-negative whole numbers; 1.0 and 1e3 are refused, as is anything above 2^63 - 1. */
    private long[] readLongs(JsonParser parser, JsonToken start, int limit, String what) throws IOException {
        expect(parser, start, JsonToken.START_ARRAY, "an array for " + what);
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            expect(parser, parser.currentToken(), JsonToken.VALUE_NUMBER_INT, "whole numbers in " + what);
            if (count == limit) {
                throw broken(at(parser), what + " has more than " + limit + " numbers", null);
            }
            long value = parser.getLongValue();
            if (value < 0) {
                throw broken(at(parser), what + " holds the negative number " + value, null);
            }
            numbers[count++] = value;
        }
        return Arrays.copyOf(numbers, count);
    }

    private void checkTiling() throws FormatException {
        found.sort(Comparator.comparingLong(Found::begin).thenComparingLong(Found::end));
        long next = 0;
        for (Found tensor : found) {
            if (tensor.begin() != next) {
                throw broken(
                        tensor.at(),
                        "tensor " + tensor.info().name() + " starts at data byte " + tensor.begin()
                                + (tensor.begin() > next ? ", a hole after " : ", an overlap before ") + next,
                        null);
            }
            next = tensor.end();
        }
        if (next > fileSize - dataStart) {
            throw broken(
                    fileSize,
                    "the file is truncated: its tensors need " + next + " bytes of data, it has "
                            + (fileSize - dataStart),
                    null);
        }
        if (next < fileSize - dataStart) {
            throw broken(dataStart + next, (fileSize - dataStart - next) + " bytes follow the last tensor", null);
        }
    }

    private void expect(JsonParser parser, JsonToken token, JsonToken wanted, String what) throws FormatException {
        if (token != wanted) {
            throw broken(at(parser), "the header must have " + what + " here, found " + token, null);
        }
    }

    private static long at(JsonParser parser) {
        return PREFIX + Math.max(parser.currentTokenLocation().getByteOffset(), 0);
    }

    private FormatException broken(long offset, String problem, Exception cause) {
        return new FormatException(file, Math.min(offset, fileSize), problem, cause);
    }
}
