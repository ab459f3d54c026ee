package io.gatun.parallel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The one pool of threads that Java kernels run on; its size is given here and nowhere else. A run's pieces are claimed
 * one by one, so a kernel must cut its work (and its sums) by the problem and not by the number of threads: then its
 * bits are the same for every pool. Nothing is allocated in a run.
 *
 * <p>One run uses the pool at a time; a caller that finds it busy does its pieces itself, which is right for many
 * callers on few cores and cannot deadlock.
 */
public final class Workers implements AutoCloseable {
    /** About 20 us of spinning before a thread parks: longer than the gap between two kernels of a step. */
    private static final int SPINS = 2_000;

    private static final long RUN = 0xFFFF_FFFF_0000_0000L;

    private final int threads;
    private final Thread[] pool;
    private final ReentrantLock busy = new ReentrantLock();

    /**
     * Run number in the upper half, unclaimed pieces in the lower. A claim counts one down, so a run that is over has
     * nothing left to claim whatever the fields below say by then, and a claim that succeeds proves that they are its
     * run's own.
     */
    private final AtomicLong state = new AtomicLong();

    private final AtomicInteger finished = new AtomicInteger();

    // Written before state announces the run, and not again before all its pieces are finished.
    private volatile Task task;
    private volatile long[] frame;
    private volatile int pieces;

    private volatile Throwable failure;
    private volatile Thread waiting;
    private volatile boolean closed;

    /** Whether the first thread of the pool, which every run wakes, sleeps. */
    private volatile boolean asleep;

    /** A pool of {@code threads} threads, the caller of each run included. */
    public Workers(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("a pool needs at least 1 thread, not " + threads);
        }
        this.threads = threads;
        this.pool = new Thread[threads - 1];
        for (int i = 0; i < pool.length; i++) {
            int worker = i + 1;
            pool[i] =
                    Thread.ofPlatform().daemon().name("gatun-worker-" + worker).start(() -> serve(worker));
        }
    }

    public int threads() {
        return threads;
    }

    /**
     * Whether another thread would begin with a run at once. One that sleeps is woken, which takes some microseconds:
     * pieces shorter than that are better done alone.
     */
    public boolean awake() {
        return threads > 1 && !asleep;
    }

    /** Runs pieces 0 to {@code count - 1} and returns when all are done; rethrows what a piece threw. */
    public void run(int count, Task work, long[] operands) {
        if (count <= 1 || threads == 1 || busy.isHeldByCurrentThread() || !busy.tryLock()) {
            for (int i = 0; i < count; i++) {
                work.run(operands, i, 0);
            }
            return;
        }
        try {
            share(count, work, operands);
        } finally {
            busy.unlock();
        }
    }

    private void share(int count, Task work, long[] operands) {
        task = work;
        frame = operands;
        pieces = count;
        failure = null;
        finished.set(0);
        long run = (state.get() & RUN) + (1L << 32);
        state.set(run | count);
        for (int i = 0; i < Math.min(pool.length, count - 1); i++) {
            LockSupport.unpark(pool[i]);
        }
        work(run, 0);
        awaitAll(count);
        Throwable thrown = failure;
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown != null) {
            throw (RuntimeException) thrown;
        }
    }

    private void awaitAll(int count) {
        for (int spins = 0; finished.get() < count; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                waiting = Thread.currentThread();
                if (finished.get() < count) {
                    LockSupport.park(this);
                }
                waiting = null;
            }
        }
    }

    /** Claims and does pieces of the given run until none is left. */
    private void work(long run, int worker) {
        while (true) {
            long now = state.get();
            int left = (int) now;
            if ((now & RUN) != run || left == 0) {
                return;
            }
            if (!state.compareAndSet(now, now - 1)) {
                continue;
            }
            int count = pieces;
            try {
                task.run(frame, count - left, worker);
            } catch (RuntimeException | Error e) {
                failure = e;
            }
            if (finished.incrementAndGet() == count) {
                Thread caller = waiting;
                if (caller != null) {
                    LockSupport.unpark(caller);
                }
            }
        }
    }

    private void serve(int worker) {
        long last = 0;
        while (!closed) {
            long run = state.get() & RUN;
            for (int spins = 0; run == last && spins < SPINS; spins++) {
                Thread.onSpinWait();
                run = state.get() & RUN;
            }
            if (run == last) {
                sleep(worker);
            } else {
                work(run, worker);
                last = run;
            }
        }
    }

    private void sleep(int worker) {
        if (worker == 1) {
            asleep = true;
        }
        LockSupport.park(this);
        if (worker == 1) {
            asleep = false;
        }
    }

    /** Stops the threads. Nothing may be running. */
    @Override
    public void close() {
        closed = true;
        boolean interrupted = false;
        for (Thread thread : pool) {
            LockSupport.unpark(thread);
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
