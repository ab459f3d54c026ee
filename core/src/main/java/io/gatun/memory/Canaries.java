package io.gatun.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Debug mode's 64 guard bytes before and after each allocation of one scope. */
final class Canaries {
    static final long BYTES = Scope.ALIGNMENT;

    private static final byte PATTERN = (byte) 0xC5;
    private static final int NAN = 0x7FC0_DEAD;

    private record Guarded(MemorySegment whole, long payload, String label) {}

    private final String scope;
    private final List<Guarded> guarded = new ArrayList<>();

    Canaries(String scope) {
        this.scope = scope;
    }

    /** Room that an allocation of {@code bytes} takes with its canaries; the second one follows the last byte. */
    static long room(long bytes) {
        return Scope.aligned(Math.addExact(bytes, 2 * BYTES));
    }

    /** Lays canaries into {@code whole}, fills the payload with NaN and returns it. */
    MemorySegment guard(MemorySegment whole, long bytes, String label) {
        whole.fill(PATTERN);
        MemorySegment payload = whole.asSlice(BYTES, bytes);
        poison(payload);
        guarded.add(new Guarded(whole, bytes, label));
        return payload;
    }

    static void poison(MemorySegment segment) {
        long words = segment.byteSize() / 4;
        for (long i = 0; i < words; i++) {
            segment.set(ValueLayout.JAVA_INT_UNALIGNED, i * 4, NAN);
        }
    }

    /** Checks one allocation, forgets it, fills it with NaN and returns it with its canaries' room. */
    MemorySegment release(MemorySegment payload) {
        for (int i = guarded.size() - 1; i >= 0; i--) {
            MemorySegment whole = guarded.get(i).whole;
            if (whole.address() == payload.address() - BYTES) {
                check(guarded.remove(i));
                poison(whole);
                return whole;
            }
        }
        throw new IllegalArgumentException(
                "scope '" + scope + "' has handed out nothing at address " + payload.address() + ", or it was freed");
    }

    void check() {
        guarded.forEach(this::check);
    }

    private void check(Guarded g) {
        long size = g.whole.byteSize();
        for (long i = 0; i < size; i++) {
            boolean canary = i < BYTES || i >= BYTES + g.payload;
            if (canary && g.whole.get(ValueLayout.JAVA_BYTE, i) != PATTERN) {
                throw new IllegalStateException("canary of '" + g.label + "' in scope '" + scope
                        + "' was overwritten at byte " + (i - BYTES) + " of " + g.payload);
            }
        }
    }

    void forget() {
        guarded.clear();
    }
}
