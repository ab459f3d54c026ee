package io.gatun.onednn;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The native files that the pinned jar carries, in loading order, with size and SHA-256; made by ci/library-manifest.
 *
 * @param folder where they lie inside the jar, without a slash at the end
 * @param files in loading order: what a library needs stands before it
 */
record Manifest(String folder, List<Item> files) {
    /** One file; {@code sha256} is 64 lower-case hexadecimal digits. */
    record Item(String name, long size, String sha256) {}

    Manifest {
        files = List.copyOf(files);
    }

    /** The manifest committed with this module. */
    static Manifest shipped() throws IOException {
        try (InputStream in = Manifest.class.getResourceAsStream("libraries.manifest")) {
            if (in == null) {
                throw new IOException("libraries.manifest is missing beside " + Manifest.class.getName());
            }
            return parse(new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)));
        }
    }

    private static Manifest parse(BufferedReader reader) throws IOException {
        List<String> lines =
                reader.lines().filter(line -> !line.startsWith("#")).toList();
        List<Item> files = lines.stream().skip(1).map(Manifest::item).toList();
        return new Manifest(lines.getFirst(), files);
    }

    private static Item item(String line) {
        String[] words = line.split(" ");
        return new Item(words[0], Long.parseLong(words[1]), words[2]);
    }

    /** Names one set of files: the same name never stands for other bytes. */
    String id() {
        return files.getLast().sha256().substring(0, 12);
    }

    boolean contains(String name) {
        return files.stream().anyMatch(item -> item.name().equals(name));
    }
}
