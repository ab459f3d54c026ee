package io.gatun.onednn;

import java.io.File;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Opens the native files inside the dnnl jar, wherever a user put it. On the class path that is a resource. On the
 * module path the jar is an open module that requires another one which Gatun leaves out, so it can never be resolved
 * and has no class loader: then the jars of the module path are opened as files.
 */
final class CarrierJar {
    private CarrierJar() {}

    /** The bytes of {@code folder/name}, or null if no jar on either path has it. */
    static InputStream open(String folder, String name) throws IOException {
        String resource = folder + "/" + name;
        for (ClassLoader loader : loaders()) {
            InputStream in = loader.getResourceAsStream(resource);
            if (in != null) {
                return in;
            }
        }
        for (Path jar : modulePathJars()) {
            InputStream in = open(jar, resource);
            if (in != null) {
                return in;
            }
        }
        return null;
    }

    private static List<ClassLoader> loaders() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return Stream.of(CarrierJar.class.getClassLoader(), context, ClassLoader.getSystemClassLoader())
                .filter(loader -> loader != null)
                .distinct()
                .toList();
    }

    private static List<Path> modulePathJars() throws IOException {
        List<Path> jars = new java.util.ArrayList<>();
        for (String entry : System.getProperty("jdk.module.path", "").split(File.pathSeparator)) {
            if (entry.isEmpty()) {
                continue;
            }
            Path path = Path.of(entry);
            if (Files.isDirectory(path)) {
                try (Stream<Path> inside = Files.list(path)) {
                    inside.filter(CarrierJar::named).sorted().forEach(jars::add);
                }
            } else if (named(path)) {
                jars.add(path);
            }
        }
        return jars;
    }

    private static boolean named(Path path) {
        String name = path.getFileName().toString();
        return name.startsWith("dnnl") && name.endsWith(".jar") && Files.isRegularFile(path);
    }

    private static InputStream open(Path jar, String resource) throws IOException {
        ZipFile zip = new ZipFile(jar.toFile());
        ZipEntry entry = zip.getEntry(resource);
        if (entry == null) {
            zip.close();
            return null;
        }
        return new FilterInputStream(zip.getInputStream(entry)) {
            @Override
            public void close() throws IOException {
                zip.close();
            }
        };
    }
}
