package io.gatun.perf.gpu;

import io.gatun.cuda.runtime.CudaContextLostException;
import io.gatun.perf.bench.PeerException;
import io.gatun.perf.bench.Race;
import io.gatun.perf.bench.Racer;
import io.gatun.perf.bench.TorchPeer;
import io.gatun.perf.step.Net;
import io.gatun.perf.step.Precision;
import io.gatun.perf.step.TrainingStep;
import java.util.List;

/** Training steps in turn with PyTorch's: the same net, batch, optimizer and kind of data, resident on the device. */
public final class Steps {
    /** The first is built anew, the second becomes a graph. */
    private static final int BEFORE = 3;

    private final GpuLog log;
    private final double seconds;

    /**
     * What is trained.
     *
     * @param batch samples in a step
     */
    public record Problem(Net net, int batch) {
        /** What PyTorch's peer reads. */
        String line() {
            return "step " + net.word() + " batch=" + batch;
        }
    }

    /** With so many seconds of timing for each net, after half as many of warming up. */
    public Steps(GpuLog log, double seconds) {
        this.log = log;
        this.seconds = seconds;
    }

    /**
     * Measures one net after the other, beside PyTorch in one mode after the other; what fails is noted.
     *
     * @param precision of ours
     * @throws CudaContextLostException if a kernel faulted: nothing more can run in this process
     */
    public void run(List<Problem> problems, Precision precision, List<TorchPeer.Mode> modes) {
        precision.choose();
        try (TorchPeer torch = TorchPeer.start()) {
            for (Problem problem : problems) {
                String name = problem.line() + " " + precision.word();
                if (!log.begin(name)) {
                    continue;
                }
                try (TrainingStep step = new TrainingStep(problem.net(), "cuda", 1, problem.batch(), precision)) {
                    Racer ours = step.racer("cuda");
                    ours.nanos(BEFORE);
                    for (TorchPeer.Mode mode : modes) {
                        race(name, ours, torch, problem, mode);
                    }
                } catch (CudaContextLostException e) {
                    log.failed(name, e.toString());
                    throw e;
                } catch (RuntimeException e) {
                    log.failed(name, e.toString());
                }
            }
        }
    }

    private void race(String name, Racer ours, TorchPeer torch, Problem problem, TorchPeer.Mode mode) {
        try {
            Racer theirs = torch.prepare(problem.line(), mode);
            double[][] nanos = Race.run(List.of(ours, theirs), seconds, Race.STEPS_NANOS);
            log.measured(name, ours.implementation(), nanos[0], theirs.implementation(), nanos[1]);
        } catch (PeerException e) {
            log.failed(name, e.getMessage());
        }
    }
}
