package io.gatun.bindings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/** What the bindings are compared with: the shipped oneDNN jar and, where there is one, the CUDA toolkit. */
final class Shipped {
    static final String FOLDER = "org/bytedeco/dnnl/linux-x86_64/";

    private Shipped() {}

    /** Copies the entries of the dnnl jar that begin so into {@code target}, without {@link #FOLDER} in their names. */
    static void unpack(String prefix, Path target) throws IOException {
        var url = Shipped.class.getClassLoader().getResource(FOLDER + "libdnnl.so.3");
        if (url == null) {
            throw new IOException(FOLDER + "libdnnl.so.3 is not on the class path");
        }
        String path = url.getPath();
        try (JarFile jar = new JarFile(path.substring("file:".length(), path.indexOf('!')))) {
            for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
                JarEntry entry = entries.nextElement();
                if (entry.isDirectory() || !entry.getName().startsWith(FOLDER + prefix)) {
                    continue;
                }
                Path file = target.resolve(entry.getName().substring(FOLDER.length()));
                Files.createDirectories(file.getParent());
                try (InputStream in = jar.getInputStream(entry)) {
                    Files.copy(in, file);
                }
            }
        }
    }

    /** The first of the usual places of the CUDA toolkit that has this file. */
    static Optional<Path> cuda(String file) {
        String home = System.getenv("CUDA_HOME");
        return Stream.of(home == null ? "/usr/local/cuda" : home, "/usr/local/cuda", "/usr/local/cuda-13.0")
                .map(folder -> Path.of(folder, file))
                .filter(Files::exists)
                .findFirst();
    }
}
