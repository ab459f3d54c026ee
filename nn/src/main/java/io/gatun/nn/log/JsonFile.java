package io.gatun.nn.log;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A file or a line of JSON as maps, lists, strings, doubles and booleans. */
public final class JsonFile {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JsonFile() {}

    /**
     * Reads one object.
     *
     * @throws IOException if the file cannot be read
     * @throws IllegalArgumentException naming the file and the line, if it is not one JSON object
     */
    public static Map<?, ?> read(Path file) throws IOException {
        try (InputStream bytes = Files.newInputStream(file);
                JsonParser parser = FACTORY.createParser(bytes)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException(file + " is no JSON object");
            }
            Map<?, ?> object = (Map<?, ?>) value(parser);
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException(file + " goes on behind its JSON object");
            }
            return object;
        } catch (JsonProcessingException e) {
            // A limit of Jackson's that is passed has no place.
            String place =
                    e.getLocation() == null ? "" : "line " + e.getLocation().getLineNr() + ": ";
            throw new IllegalArgumentException(file + " is no JSON: " + place + e.getOriginalMessage(), e);
        }
    }

    /**
     * One line of a log.
     *
     * @throws IllegalArgumentException if it is not one whole JSON object
     */
    public static Map<?, ?> parse(String line) {
        try (JsonParser parser = FACTORY.createParser(line)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                Map<?, ?> object = (Map<?, ?>) value(parser);
                if (parser.nextToken() == null) {
                    return object;
                }
            }
            throw new IllegalArgumentException("this line is no JSON object: " + line);
        } catch (IOException e) {
            throw new IllegalArgumentException("this line is no JSON object: " + line, e);
        }
    }

    /** Jackson ends after 1,000 levels, so this does too. */
    private static Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String key = parser.currentName();
                    parser.nextToken();
                    map.put(key, value(parser));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> parser.getText();
        };
    }
}
