package io.gatun.kernel;

import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Spec;
import java.util.List;

/**
 * Which backends a spec is offered to, in which order: the one place where that is decided.
 *
 * @param name what the user asked for
 * @param demanded the backend that must work, or null
 */
record Preference(String name, String demanded) {
    private static final List<String> COMPUTE = List.of("onednn", "simd", "reference");
    private static final List<String> MEMORY = List.of("simd", "onednn", "reference");
    private static final List<String> SIMD = List.of("simd", "reference");
    private static final List<String> REFERENCE = List.of("reference");

    /** A oneDNN call costs 0.7 us before any work (FACTS): below this many flops our own GEMM is done by then. */
    private static final double SMALL_GEMM_FLOPS = 2.0 * 32 * 32 * 32;

    static Preference of(String name) {
        return switch (name) {
            case "auto" -> new Preference(name, null);
            case "onednn", "simd", "reference" -> new Preference(name, name);
            default ->
                throw new IllegalArgumentException(
                        "unknown backend '" + name + "'; known are auto, onednn, simd, reference");
        };
    }

    boolean admits(String backend) {
        return switch (name) {
            case "simd" -> SIMD.contains(backend);
            case "reference" -> REFERENCE.contains(backend);
            default -> true;
        };
    }

    List<String> order(Spec spec) {
        return switch (name) {
            case "onednn" -> COMPUTE;
            case "simd" -> SIMD;
            case "reference" -> REFERENCE;
            default -> automatic(spec);
        };
    }

    private static List<String> automatic(Spec spec) {
        return switch (spec) {
            case GemmSpec gemm -> gemm.flops() / Math.max(1, gemm.batch()) <= SMALL_GEMM_FLOPS ? MEMORY : COMPUTE;
            case ConvSpec conv -> COMPUTE;
            case LstmSpec lstm -> COMPUTE;
            default -> MEMORY;
        };
    }
}
