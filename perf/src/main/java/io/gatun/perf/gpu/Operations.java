package io.gatun.perf.gpu;

import io.gatun.cuda.runtime.CudaContextLostException;
import io.gatun.perf.bench.Bench;
import io.gatun.perf.bench.RefusedException;
import io.gatun.perf.bench.Result;
import io.gatun.spec.Spec;
import java.util.List;

/** Kernels in turn with the device's copy, or with PyTorch's. */
public final class Operations {
    private static final String BACKEND = "cuda";

    private final GpuLog log;
    private final double seconds;

    /** With so many seconds of timing for each problem, after half as many of warming up. */
    public Operations(GpuLog log, double seconds) {
        this.log = log;
        this.seconds = seconds;
    }

    /**
     * Measures one problem after the other; one that fails is noted.
     *
     * @param beside {@code copy} or {@code torch}
     * @param mark behind each problem's line, to tell apart what runs twice: {@code " tf32"}, or nothing
     * @throws CudaContextLostException if a kernel faulted: nothing more can run in this process
     */
    public void run(List<Spec> specs, String beside, String mark) {
        try (Bench bench = new Bench(List.of(BACKEND, beside), 1)) {
            for (Spec spec : specs) {
                String problem = spec + mark;
                if (!log.begin(problem)) {
                    continue;
                }
                try {
                    List<Result> results = bench.run(spec, seconds).results();
                    Result ours = results.getFirst();
                    Result theirs = results.getLast();
                    log.measured(problem, ours.kernel(), ours.nanos(), theirs.kernel(), theirs.nanos());
                } catch (CudaContextLostException e) {
                    log.failed(problem, e.toString());
                    throw e;
                } catch (RefusedException e) {
                    log.refused(problem, e.getMessage());
                } catch (RuntimeException e) {
                    log.failed(problem, e.toString());
                }
            }
        }
    }
}
