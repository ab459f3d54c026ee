package io.gatun.cuda;

import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemoryException;

/** The bytes of one device that this process may use; its refusals name the device and the property to raise. */
final class DeviceBudget extends MemoryBudget {
    static final String PROPERTY = "gatun.cuda.memory.limit";

    private final String place;

    DeviceBudget(String place, long limit) {
        super(limit);
        this.place = place;
    }

    /**
     * {@code -Dgatun.cuda.memory.limit} bytes, else 90 % of what is free now.
     *
     * @throws IllegalArgumentException if the property is no number of bytes
     */
    static DeviceBudget standard(String place, long free) {
        Long configured = configured();
        return new DeviceBudget(place, configured != null ? configured : free / 10 * 9);
    }

    /** What the property says, null where it is not set. */
    static Long configured() {
        return configured(PROPERTY);
    }

    @Override
    public void reserve(long bytes, String what) {
        try {
            super.reserve(bytes, what);
        } catch (NativeMemoryException e) {
            throw refusal(e.asked(), what, e.used(), "; use a smaller batch or raise -D" + PROPERTY);
        }
    }

    /** CUDA itself had no more, though the budget did: somebody else uses the device. */
    NativeMemoryException exhausted(long bytes, String what, long free) {
        return refusal(
                bytes, what, used(), ", " + free + " free on the device; use a smaller batch or end what else uses it");
    }

    private NativeMemoryException refusal(long asked, String what, long used, String more) {
        return new NativeMemoryException(
                asked,
                used,
                limit(),
                "out of memory on " + place + " for " + what + ": asked " + asked + " bytes, " + used + " of " + limit()
                        + " in use" + more);
    }
}
