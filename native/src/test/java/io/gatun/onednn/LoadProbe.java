package io.gatun.onednn;

import io.gatun.bindings.omp.Omp;
import io.gatun.bindings.onednn.Dnnl;

/** The program that {@link OneDnnLoadTest} starts in a JVM of its own: loads, calls, and prints how it went. */
public final class LoadProbe {
    private LoadProbe() {}

    public static void main(String[] arguments) {
        LoadResult result = OneDnnLibrary.load(3);
        result.attempts().forEach(attempt -> System.out.println("attempt " + attempt));
        switch (result) {
            case LoadResult.Loaded loaded -> {
                System.out.println("loaded " + loaded.version() + " from " + loaded.place());
                System.out.println("threads " + Omp.omp_get_max_threads());
                System.out.println("isa " + Dnnl.dnnl_get_effective_cpu_isa());
            }
            case LoadResult.Unavailable _ -> System.out.println("unavailable");
        }
    }
}
