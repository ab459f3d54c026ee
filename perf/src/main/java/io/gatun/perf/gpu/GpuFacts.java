package io.gatun.perf.gpu;

import io.gatun.cuda.CudaSettings;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.perf.results.Environment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The machine and its GPU, in a few words each. */
public final class GpuFacts {
    /** As the fake runtime calls its device. */
    private static final String EMULATOR = "Gatun emulated device";

    private static final String RUNTIME = "CUDA runtime ";

    private GpuFacts() {}

    /** Whether the device of that name is the emulator, whose times say nothing. */
    public static boolean emulated(String device) {
        return device.contains(EMULATOR);
    }

    /**
     * The name of the device that the backend uses.
     *
     * @throws NativeUnavailableException if there is none
     */
    public static String device() {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            return device(kernels.describe().get("cuda"));
        }
    }

    private static String device(List<String> lines) {
        String prefix = "cuda:" + CudaSettings.device() + ": ";
        return lines.stream()
                .filter(line -> line.startsWith(prefix))
                .findFirst()
                .map(line -> line.substring(prefix.length()))
                .orElse("unnamed");
    }

    /** Processor, system and JDK, device, runtime and driver, and the versions of NVIDIA's libraries. */
    public static Map<String, String> here() {
        Map<String, String> facts = new LinkedHashMap<>();
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            List<String> lines = kernels.describe().get("cuda");
            facts.put("device", device(lines));
            for (String line : lines) {
                String words = line.replaceFirst(" from \\S+", "");
                if (line.startsWith(RUNTIME)) {
                    facts.put("cuda runtime", words.substring(RUNTIME.length()));
                } else if (line.startsWith("cu")) {
                    int space = words.indexOf(' ');
                    facts.putIfAbsent(words.substring(0, space).replaceFirst(":$", ""), words.substring(space + 1));
                }
            }
            facts.keySet().removeIf(name -> name.startsWith("cuda:"));
        } catch (NativeUnavailableException e) {
            facts.put("device", "none: " + e.getMessage());
        }
        Environment.here().facts().forEach((name, value) -> {
            if (!name.equals("onednn")) {
                facts.put(name, value);
            }
        });
        return facts;
    }
}
