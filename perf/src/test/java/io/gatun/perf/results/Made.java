package io.gatun.perf.results;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Made-up results. */
public final class Made {
    private static final Map<String, String> FACTS = Map.of(
            "cpu",
            "Test 9000",
            "processors",
            "2",
            "vector_bits",
            "512",
            "os",
            "Linux",
            "jdk",
            "25",
            "onednn",
            "3.11.0");

    private Made() {}

    /** Sixteen samples around {@code nanos} beside an anchor around {@code anchor}, both scattered by a share. */
    static Measurement measurement(String spec, double nanos, double anchor, double noise, long seed) {
        Random random = new Random(seed);
        double[] samples = new double[16];
        double[] anchors = new double[16];
        Arrays.setAll(samples, _ -> nanos * (1 + noise * (random.nextDouble() - 0.5)));
        Arrays.setAll(anchors, _ -> anchor * (1 + noise * (random.nextDouble() - 0.5)));
        return new Measurement(
                spec, "simd", "simd:made up", 2, "copy of nothing", samples, anchors, "2026-01-31", "0123456789");
    }

    /** Of one machine. */
    public static Results results(Measurement... measurements) {
        return new Results(new Environment(FACTS), List.of(measurements));
    }
}
