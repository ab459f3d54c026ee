package io.gatun.memory;

import java.util.Arrays;

/**
 * Ranges of addresses that were given back, by address, neighbours joined. The smallest that suffices is taken; of equal
 * ones the last one that came, which is likely to be in the cache still. The same calls get the same addresses. Some
 * dozens of ranges at once, so a scan is as good as a tree; allocates nothing once it has grown to them.
 */
final class FreeRanges {
    static final long NONE = -1;

    private long[] from = new long[32];
    private long[] to = new long[32];
    private long[] came = new long[32];
    private int count;
    private long clock;

    /** Address of a range of {@code bytes} bytes, or {@link #NONE}. */
    long take(long bytes) {
        int best = -1;
        for (int i = 0; i < count; i++) {
            long size = to[i] - from[i];
            if (size >= bytes
                    && (best < 0
                            || size < to[best] - from[best]
                            || (size == to[best] - from[best] && came[i] > came[best]))) {
                best = i;
            }
        }
        if (best < 0) {
            return NONE;
        }
        long address = from[best];
        from[best] += bytes;
        if (from[best] == to[best]) {
            remove(best);
        }
        return address;
    }

    /** Removes the range that ends at {@code end}; its begin, or {@code end} if there is none. */
    long takeLast(long end) {
        if (count == 0 || to[count - 1] != end) {
            return end;
        }
        return from[--count];
    }

    /** Takes a range back; it is not joined with what lies outside {@code lowest} to {@code highest}, its block. */
    void give(long address, long bytes, long lowest, long highest) {
        int at = 0;
        while (at < count && from[at] < address) {
            at++;
        }
        long end = address + bytes;
        boolean left = at > 0 && to[at - 1] == address && address != lowest;
        boolean right = at < count && from[at] == end && end != highest;
        if (left && right) {
            to[at - 1] = to[at];
            remove(at);
            at--;
        } else if (left) {
            to[--at] = end;
        } else if (right) {
            from[at] = address;
        } else {
            insert(at, address, end);
        }
        came[at] = ++clock;
    }

    void clear() {
        count = 0;
        clock = 0;
    }

    private void insert(int at, long address, long end) {
        if (count == from.length) {
            from = Arrays.copyOf(from, 2 * count);
            to = Arrays.copyOf(to, 2 * count);
            came = Arrays.copyOf(came, 2 * count);
        }
        shift(at, at + 1);
        from[at] = address;
        to[at] = end;
        count++;
    }

    private void remove(int at) {
        shift(at + 1, at);
        count--;
    }

    private void shift(int source, int target) {
        int moved = count - source;
        System.arraycopy(from, source, from, target, moved);
        System.arraycopy(to, source, to, target, moved);
        System.arraycopy(came, source, came, target, moved);
    }
}
