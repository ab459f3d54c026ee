package io.gatun.memory;

/** A budget that refuses one request, to see what it leaves behind. Thread-safe. */
public final class FailingBudget extends MemoryBudget {
    private int until;
    private int requests;

    public FailingBudget(long limit) {
        super(limit);
    }

    /** Refuses the {@code k}-th request from now on, 1 being the next; 0 refuses none. */
    public synchronized void failAt(int k) {
        until = k;
        requests = 0;
    }

    /** Requests since {@link #failAt}. */
    public synchronized int requests() {
        return requests;
    }

    @Override
    public void reserve(long bytes, String what) {
        synchronized (this) {
            if (++requests == until) {
                throw new NativeMemoryException(what, bytes, used(), limit());
            }
        }
        super.reserve(bytes, what);
    }
}
