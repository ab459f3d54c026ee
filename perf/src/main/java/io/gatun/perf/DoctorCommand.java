package io.gatun.perf;

import io.gatun.cuda.CudaLibraries;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.memory.MemoryBudget;
import io.gatun.nn.log.JsonLine;
import io.gatun.perf.results.Environment;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What this machine offers and what Gatun took of it. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = "Print what was found here: JDK, processor, backends and why each is used or not, memory.")
final class DoctorCommand implements Callable<Integer> {
    /** The instruction sets that decide about kernels; /proc/cpuinfo lists a hundred others. */
    private static final List<String> FEATURES = List.of(
            "sse4_1",
            "avx",
            "avx2",
            "fma",
            "avx512f",
            "avx512bw",
            "avx512dq",
            "avx512vl",
            "avx512_vnni",
            "avx512_bf16",
            "avx512_fp16",
            "amx_tile",
            "amx_bf16",
            "asimd",
            "sve",
            "sve2",
            "bf16");

    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    @Option(names = "--threads", paramLabel = "N", description = "Threads to open the backends with.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    @Spec
    private CommandSpec command;

    DoctorCommand() {}

    @Override
    public Integer call() throws IOException {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("jdk", System.getProperty("java.vm.name") + " " + Runtime.version());
        facts.put("java_home", System.getProperty("java.home"));
        facts.put(
                "os",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        facts.put("processors", Runtime.getRuntime().availableProcessors());
        Map<String, String> cpu =
                Files.isReadable(CPUINFO) ? Environment.cpuinfo(Files.readAllLines(CPUINFO)) : Map.of();
        facts.put("cpu", cpu.getOrDefault("model name", System.getProperty("os.arch")));
        facts.put("cpu_features", features(cpu.getOrDefault("flags", cpu.getOrDefault("Features", ""))));
        facts.put("threads", threads);
        facts.put("memory_budget", MemoryBudget.standard().limit());
        int code = 0;
        try (Kernels kernels = Kernels.open("auto", threads)) {
            Map<String, List<String>> backends = new LinkedHashMap<>(kernels.describe());
            backends.putAll(cuda());
            facts.put("backends", backends);
        } catch (NativeUnavailableException e) {
            // A doctor says what is wrong beside everything else that it knows.
            facts.put("backends", Map.of("no backend", List.of(e.getMessage())));
            code = Errors.FAILED;
        }
        PrintWriter out = command.commandLine().getOut();
        if (json) {
            out.println(JsonLine.of(facts));
        } else {
            print(out, facts);
        }
        return code;
    }

    /** The GPU's backend, which none falls back on; where it cannot be used, what there was to find and why it is not. */
    private static Map<String, List<String>> cuda() {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            return kernels.describe();
        } catch (IllegalArgumentException e) {
            return Map.of("cuda", List.of("not used: " + e.getMessage()));
        } catch (NativeUnavailableException e) {
            List<String> lines = new ArrayList<>(CudaLibraries.describe());
            if (lines.stream().noneMatch(line -> line.startsWith("not used"))) {
                lines.addFirst("not used: " + e.getMessage().replaceFirst("^backend cuda .* cannot be used: ", ""));
            }
            return Map.of("cuda", lines);
        }
    }

    private static void print(PrintWriter out, Map<String, Object> facts) {
        facts.forEach((key, value) -> {
            String label = key.replace('_', ' ');
            switch (value) {
                case Map<?, ?> backends ->
                    backends.forEach((name, lines) -> {
                        out.println(name);
                        ((List<?>) lines).forEach(line -> out.println("  " + line));
                    });
                case List<?> list ->
                    out.println(pad(label) + list.stream().map(Object::toString).collect(Collectors.joining(" ")));
                case Long bytes ->
                    out.println(pad(label) + String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30)));
                default -> out.println(pad(label) + value);
            }
        });
    }

    private static String pad(String label) {
        return String.format(Locale.ROOT, "%-14s", label);
    }

    static List<String> features(String flags) {
        List<String> present = new ArrayList<>(FEATURES);
        present.retainAll(Arrays.asList(flags.split("\\s+")));
        return present;
    }
}
