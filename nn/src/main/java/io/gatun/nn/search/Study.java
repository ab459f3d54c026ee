package io.gatun.nn.search;

import io.gatun.nn.data.SplitMix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A search for the hyper-parameters with the best score. Trials run on threads of their own and share nothing: each opens
 * the kernels, the memory and the tape that it needs, and takes its random numbers from {@link Trial#seed}. With a folder,
 * each outcome is a line of {@code trials.jsonl} as soon as it is known, and a study that is run again on the same folder
 * goes on where the last one stopped: what is in the file is not tried again.
 *
 * <p>The same seed and number of parallel trials give the same trials, however long each takes.
 */
public final class Study {
    private final Space space;
    private final Strategy strategy;
    private final long seed;
    private boolean maximize;
    private int parallel = 1;
    private Path folder;

    /** What is searched for: the score of a trial. */
    @FunctionalInterface
    public interface Objective {
        /**
         * Trains and tests with the trial's hyper-parameters.
         *
         * @return the score; NaN counts as a failure
         * @throws Exception the trial has failed, and the search goes on without it
         */
        double score(Trial trial) throws Exception;
    }

    /**
     * What a study found.
     *
     * @param best among those of the largest budget, the lower number of equals; empty if all failed
     * @param outcomes in the order in which they were asked for
     */
    public record Result(Optional<Outcome> best, List<Outcome> outcomes) {}

    /** A study that looks for the smallest score, one trial at a time, without a folder. */
    public Study(Space space, Strategy strategy, long seed) {
        this.space = space;
        this.strategy = strategy;
        this.seed = seed;
    }

    /** Looks for the largest score. */
    public Study maximize() {
        maximize = true;
        return this;
    }

    /**
     * Runs up to {@code trials} side by side.
     *
     * @throws IllegalArgumentException if that is less than one
     */
    public Study parallel(int trials) {
        if (trials < 1) {
            throw new IllegalArgumentException(trials + " trials side by side; give at least 1");
        }
        parallel = trials;
        return this;
    }

    /** Keeps outcomes and the trials' own folders there, and goes on from what is there. */
    public Study folder(Path path) {
        folder = path;
        return this;
    }

    /**
     * Runs what the strategy asks for and is not in the folder yet.
     *
     * @throws IOException if the folder cannot be written, or another study is running on it
     * @throws IllegalArgumentException if the folder holds a study of another space, strategy or seed
     * @throws InterruptedException if this thread is interrupted, the trials then too
     */
    public Result run(Objective objective) throws IOException, InterruptedException {
        if (folder != null) {
            Files.createDirectories(folder);
        }
        List<Outcome> outcomes = new ArrayList<>();
        try (StudyLog log = StudyLog.of(folder);
                ExecutorService threads = Executors.newFixedThreadPool(parallel)) {
            List<Strategy.Request> requests;
            do {
                requests = strategy.next(new Strategy.State(space, seed, List.copyOf(outcomes), parallel, maximize));
                outcomes.addAll(run(objective, requests, log, threads));
            } while (!requests.isEmpty());
        }
        return new Result(best(outcomes), List.copyOf(outcomes));
    }

    private List<Outcome> run(
            Objective objective, List<Strategy.Request> requests, StudyLog log, ExecutorService threads)
            throws IOException, InterruptedException {
        List<Future<Outcome>> running = new ArrayList<>();
        List<Outcome> outcomes = new ArrayList<>();
        try {
            for (Strategy.Request request : requests) {
                Optional<Outcome> known = log.outcome(request);
                running.add(threads.submit(known.isPresent() ? known::get : one(objective, request, log)));
            }
            for (Future<Outcome> future : running) {
                outcomes.add(future.get());
            }
            return outcomes;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IllegalStateException("a trial ended the study: " + e.getCause(), e.getCause());
        } finally {
            running.forEach(future -> future.cancel(true));
        }
    }

    private Callable<Outcome> one(Objective objective, Strategy.Request request, StudyLog log) {
        return () -> {
            Path own = folder == null ? null : folder.resolve("trial-" + request.number());
            if (own != null) {
                Files.createDirectories(own);
            }
            Trial trial = new Trial(
                    request.number(),
                    SplitMix.of(seed, request.number()).nextLong(),
                    request.budget(),
                    own,
                    request.values());
            long begin = System.nanoTime();
            double score = Double.NaN;
            String failure = null;
            try {
                score = objective.score(trial);
                failure = Double.isNaN(score) ? "the score is NaN" : null;
            } catch (InterruptedException e) {
                throw e;
            } catch (Exception e) {
                failure = e.toString();
            }
            double seconds = (System.nanoTime() - begin) * 1e-9;
            Outcome outcome =
                    new Outcome(request.number(), request.budget(), request.values(), score, seconds, failure);
            log.write(outcome);
            return outcome;
        };
    }

    private Optional<Outcome> best(List<Outcome> outcomes) {
        return outcomes.stream()
                .filter(outcome -> !outcome.failed())
                .min(Comparator.comparingInt((Outcome outcome) -> -outcome.budget())
                        .thenComparingDouble(outcome -> maximize ? -outcome.score() : outcome.score())
                        .thenComparingInt(Outcome::number));
    }
}
