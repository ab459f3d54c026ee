package io.gatun.perf.results;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where results were measured.
 *
 * @param facts by name: cpu, processors, vector_bits, os, jdk, onednn; each in a few words
 */
public record Environment(Map<String, String> facts) {
    /** In the order in which files have them. */
    static final List<String> NAMES = List.of("cpu", "processors", "vector_bits", "os", "jdk", "onednn");

    private static final Path CPUINFO = Path.of("/proc/cpuinfo");
    private static final Pattern ONEDNN = Pattern.compile("oneDNN (\\S+) from");
    private static final Pattern VECTORS = Pattern.compile("vectors of (\\d+) bits");

    /** This machine and this JVM. */
    public static Environment here() {
        Map<String, String> facts = new LinkedHashMap<>();
        Map<String, String> cpu = cpuinfo();
        String model = cpu.getOrDefault("model name", System.getProperty("os.arch"));
        // A hypervisor may hide the model; family and model number still tell processors apart.
        String number = cpu.containsKey("cpu family")
                ? " (family " + cpu.get("cpu family") + ", model " + cpu.get("model") + ")"
                : "";
        facts.put("cpu", model + number);
        facts.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        facts.put("vector_bits", described("simd", VECTORS));
        facts.put("os", property("os.name") + " " + property("os.version") + " " + property("os.arch"));
        facts.put("jdk", property("java.vendor") + " " + Runtime.version());
        facts.put("onednn", described("onednn", ONEDNN));
        return new Environment(facts);
    }

    /** What a backend says of itself; {@code none} where it cannot run. */
    private static String described(String backend, Pattern pattern) {
        try (Kernels kernels = Kernels.open(backend, 1)) {
            for (String line : kernels.describe().get(backend)) {
                Matcher matcher = pattern.matcher(line);
                if (matcher.find()) {
                    return matcher.group(1);
                }
            }
            return "unknown";
        } catch (NativeUnavailableException e) {
            return "none";
        }
    }

    private static String property(String name) {
        return System.getProperty(name);
    }

    private static Map<String, String> cpuinfo() {
        try {
            return Files.isReadable(CPUINFO) ? cpuinfo(Files.readAllLines(CPUINFO)) : Map.of();
        } catch (IOException e) {
            return Map.of();
        }
    }

    /** The keys and values of the first processor. */
    public static Map<String, String> cpuinfo(List<String> lines) {
        Map<String, String> keys = new LinkedHashMap<>();
        for (String line : lines) {
            String[] parts = line.split(":", 2);
            if (parts.length == 2) {
                keys.putIfAbsent(parts[0].strip(), parts[1].strip());
            }
        }
        return keys;
    }

    /** What differs from another one, such as {@code jdk (25.0.2, there 25.0.3)}; empty if nothing does. */
    public List<String> differences(Environment there) {
        List<String> differences = new ArrayList<>();
        for (String name : NAMES) {
            String mine = facts.get(name);
            String other = there.facts.get(name);
            if (!Objects.equals(mine, other)) {
                differences.add(name + " (" + mine + ", there " + other + ")");
            }
        }
        return differences;
    }
}
