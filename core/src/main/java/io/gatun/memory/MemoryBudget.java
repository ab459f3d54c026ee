package io.gatun.memory;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicLong;

/** Counts native bytes against a limit, because {@code -XX:MaxDirectMemorySize} does not bound arenas. Thread-safe. */
public class MemoryBudget {
    private final long limit;
    private final AtomicLong used = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();

    /** A budget of {@code limit} bytes. */
    public MemoryBudget(long limit) {
        if (limit < 0) {
            throw new IllegalArgumentException("memory limit " + limit + " is negative");
        }
        this.limit = limit;
    }

    /**
     * {@code -Dgatun.memory.limit} bytes, else 70 % of the memory of this machine or container.
     *
     * @throws IllegalArgumentException if the property is no number of bytes
     */
    public static MemoryBudget standard() {
        Long configured = configured("gatun.memory.limit");
        if (configured != null) {
            return new MemoryBudget(configured);
        }
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new MemoryBudget(system.getTotalMemorySize() / 10 * 7);
    }

    /**
     * The bytes that a system property limits memory to, or null if it is not set.
     *
     * @throws IllegalArgumentException naming the property, if that is no whole number from 0 on
     */
    protected static Long configured(String property) {
        String said = System.getProperty(property);
        if (said == null) {
            return null;
        }
        Long bytes = Long.getLong(property);
        if (bytes == null || bytes < 0) {
            throw new IllegalArgumentException(
                    "-D" + property + "=" + said + " is no number of bytes; give a whole one such as 1073741824");
        }
        return bytes;
    }

    /**
     * Takes {@code bytes} from the budget.
     *
     * @throws NativeMemoryException if fewer are left; nothing is taken then
     */
    public void reserve(long bytes, String what) {
        long before;
        do {
            before = used.get();
            if (bytes > limit - before) {
                throw new NativeMemoryException(what, bytes, before, limit);
            }
            // Never above the limit, not even for a moment: another thread's request may fit where this one does not.
        } while (!used.compareAndSet(before, before + bytes));
        peak.accumulateAndGet(before + bytes, Math::max);
    }

    public void release(long bytes) {
        used.addAndGet(-bytes);
    }

    public long used() {
        return used.get();
    }

    /** The most that was ever in use. */
    public long peak() {
        return peak.get();
    }

    public long limit() {
        return limit;
    }
}
