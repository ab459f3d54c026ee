package io.gatun.nn.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/** TensorBoard's embedding projector: tab-separated files and a text protocol buffer that names them. */
final class Projector {
    private static final String CONFIG = "projector_config.pbtxt";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]+");

    private Projector() {}

    static void write(Path folder, String name, float[][] vectors, List<String> labels) throws IOException {
        if (!NAME.matcher(name).matches() || name.startsWith(".")) {
            throw new IllegalArgumentException(
                    "embedding '" + name + "' becomes a file's name: letters, digits, _ - . only");
        }
        if (vectors.length == 0 || vectors.length != labels.size()) {
            throw new IllegalArgumentException("embedding " + name + ": " + vectors.length + " vectors and "
                    + labels.size() + " labels; give one label a vector, and at least one");
        }
        StringBuilder rows = new StringBuilder();
        for (float[] vector : vectors) {
            if (vector.length != vectors[0].length) {
                throw new IllegalArgumentException("embedding " + name + ": vectors of " + vectors[0].length
                        + " and of " + vector.length + " numbers; all need the same length");
            }
            StringJoiner row = new StringJoiner("\t", "", "\n");
            for (float number : vector) {
                row.add(Float.toString(number));
            }
            rows.append(row);
        }
        Files.createDirectories(folder);
        Files.writeString(folder.resolve(name + ".tsv"), rows);
        StringBuilder lines = new StringBuilder();
        labels.forEach(label -> lines.append(label.replaceAll("[\t\r\n]", " ")).append('\n'));
        Files.writeString(folder.resolve(name + ".labels.tsv"), lines);
        register(folder.resolve(CONFIG), name);
    }

    /** Adds the entry, once. */
    private static void register(Path config, String name) throws IOException {
        String entry = """
            embeddings {
              tensor_name: "%s"
              tensor_path: "%s.tsv"
              metadata_path: "%s.labels.tsv"
            }
            """.formatted(name, name, name);
        String before = Files.exists(config) ? Files.readString(config) : "";
        if (!before.contains(entry)) {
            Files.writeString(config, before + entry);
        }
    }
}
