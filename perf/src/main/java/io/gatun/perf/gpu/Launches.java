package io.gatun.perf.gpu;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Replay;
import io.gatun.perf.step.Net;
import io.gatun.perf.step.TrainingStep;
import io.gatun.spec.AxpbySpec;
import java.lang.foreign.MemorySegment;

/** What starting work costs the host, beside the time until it is done: of the smallest kernel, of a graph, of a step. */
public final class Launches {
    /** The line of the goal: what Java, the foreign-function calls and the launch of the graph take together. */
    public static final String CAPTURED_STEP = "launch of a captured step";

    /** Of the smallest kernel. */
    private static final int COUNT = 32;

    private static final int IN_A_GRAPH = 100;

    /** Launches in one sample: fewer than a stream takes before it makes the host wait. */
    private static final int RUNS = 50;

    private static final int ROUNDS = 30;

    private static final int SAMPLES_OF_A_BATCH = 8;

    private final GpuLog log;
    private final double warmSeconds;
    private final int rounds;
    private final int runs;

    private Launches(GpuLog log, double warmSeconds, int rounds, int runs) {
        this.log = log;
        this.warmSeconds = warmSeconds;
        this.rounds = rounds;
        this.runs = runs;
    }

    /** With a second of warm-up of each, which the JVM needs to compile the calls. */
    public static Launches on(GpuLog log) {
        return new Launches(log, 1, ROUNDS, RUNS);
    }

    /** As few as say that they run, for the emulator. */
    public static Launches few(GpuLog log) {
        return new Launches(log, 0, 2, 1);
    }

    /** Measures them all. */
    public void run() {
        try (Kernels kernels = Kernels.open("cuda", 1);
                ParameterScope scope = kernels.memory().parameters("launches")) {
            Plan plan = kernels.plan(new AxpbySpec(COUNT, 1, 1));
            MemorySegment x = scope.allocate(4L * COUNT, "x");
            MemorySegment y = scope.allocate(4L * COUNT, "y");
            Place place = plan.place();
            place.fill(x, 0f);
            place.fill(y, 0f);
            Runnable kernel = () -> plan.run(x, y);
            measure("launch of a kernel", place, runs, kernel);
            measure("launch of a kernel, and the wait for it", place, 1, kernel);
            kernel.run();
            try (Replay graph = place.capture("a graph of kernels", () -> {
                for (int i = 0; i < IN_A_GRAPH; i++) {
                    kernel.run();
                }
            })) {
                measure("launch of a graph of " + IN_A_GRAPH + " kernels", place, runs, graph::launch);
            }
        }
        try (TrainingStep step = new TrainingStep(Net.MLP, "cuda", 1, SAMPLES_OF_A_BATCH)) {
            measure(CAPTURED_STEP, step.kernels().memory().place(), runs, step::launch);
        }
    }

    private void measure(String name, Place place, int inARow, Runnable launch) {
        // A step is built anew the first time, and becomes a graph the second.
        launch.run();
        long end = System.nanoTime() + (long) (warmSeconds * 1e9);
        do {
            sample(place, inARow, launch);
        } while (System.nanoTime() < end);
        double[] host = new double[rounds];
        double[] done = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            double[] sample = sample(place, inARow, launch);
            host[i] = sample[0];
            done[i] = sample[1];
        }
        log.measured(name, inARow + " in a row", host, "the same until it is done", done);
    }

    /** Nanoseconds of one launch: until the host may go on, and until the device has done it. */
    private static double[] sample(Place place, int inARow, Runnable launch) {
        place.synchronize();
        long start = System.nanoTime();
        for (int i = 0; i < inARow; i++) {
            launch.run();
        }
        long launched = System.nanoTime();
        place.synchronize();
        long done = System.nanoTime();
        return new double[] {(launched - start) / (double) inARow, (done - start) / (double) inARow};
    }
}
