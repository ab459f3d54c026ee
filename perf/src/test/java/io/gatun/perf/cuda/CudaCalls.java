package io.gatun.perf.cuda;

import io.gatun.cuda.EmulatedDevice;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How often each function of the CUDA runtime was called, counted on the emulator. */
record CudaCalls(Map<String, Long> counts) {
    /** What comes before every call and asks nothing of the device, and what the fake calls to record an event. */
    private static final List<String> UNCOUNTED = List.of("cudaSetDevice", "cudaEventRecordWithFlags");

    private static final List<String> NAMES = List.of(
            "cudaMemcpyAsync",
            "cudaMemsetAsync",
            "cudaGraphLaunch",
            "cudaLaunchKernel",
            "cudaEventRecord",
            "cudaEventSynchronize",
            "cudaStreamWaitEvent",
            "cudaStreamSynchronize",
            "cudaDeviceSynchronize");

    /** Until now; those of no name here are {@code others}. */
    static CudaCalls now() {
        Map<String, Long> counts = new TreeMap<>();
        long named = UNCOUNTED.stream().mapToLong(EmulatedDevice::calls).sum();
        for (String name : NAMES) {
            counts.put(name, EmulatedDevice.calls(name));
            named += counts.get(name);
        }
        counts.put("others", EmulatedDevice.calls("") - named);
        return new CudaCalls(counts);
    }

    /** What was called since then, by name. */
    Map<String, Long> since(CudaCalls before) {
        Map<String, Long> calls = new TreeMap<>();
        counts.forEach((name, count) -> {
            if (count > before.counts.get(name)) {
                calls.put(name, count - before.counts.get(name));
            }
        });
        return calls;
    }
}
