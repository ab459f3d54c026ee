package io.gatun.nn.data.text;

import java.util.Arrays;
import java.util.Map;

/**
 * Applies merges to one word in O(n log n): its tokens are a doubly linked list, and a heap holds the pairs that can be
 * joined by (rank, place), so the lowest rule goes first and of one rule the leftmost pair. A pair whose tokens have been
 * joined with others meanwhile is found out when it comes up.
 */
final class BytePairMerger {
    private final int[] token;
    private final int[] next;
    private final int[] previous;
    private final Map<Long, Integer> ranks;
    private long[] heap;
    private int heapSize;

    private BytePairMerger(byte[] word, Map<Long, Integer> ranks) {
        int n = word.length;
        this.ranks = ranks;
        token = new int[n];
        next = new int[n];
        previous = new int[n];
        heap = new long[Math.max(16, n)];
        for (int i = 0; i < n; i++) {
            token[i] = word[i] & 0xFF;
            next[i] = i + 1 < n ? i + 1 : -1;
            previous[i] = i - 1;
        }
    }

    static int[] merge(byte[] word, Map<Long, Integer> ranks) {
        return word.length == 0 ? new int[0] : new BytePairMerger(word, ranks).run();
    }

    private int[] run() {
        for (int i = 0; i + 1 < token.length; i++) {
            offer(i);
        }
        int left = token.length;
        while (heapSize > 0) {
            long top = pop();
            int at = (int) top;
            int rank = (int) (top >>> 32);
            if (token[at] >= 0 && rank(at) == rank) {
                join(at, rank);
                left--;
            }
        }
        int[] result = new int[left];
        for (int i = 0, out = 0; i >= 0; i = next[i]) {
            result[out++] = token[i];
        }
        return result;
    }

    /** The rule for the pair that begins at a place, or -1. */
    private int rank(int at) {
        if (next[at] < 0) {
            return -1;
        }
        return ranks.getOrDefault((long) token[at] << 32 | token[next[at]], -1);
    }

    private void join(int at, int rank) {
        int gone = next[at];
        token[at] = BytePairEncoding.BYTES + rank;
        token[gone] = -1;
        next[at] = next[gone];
        if (next[at] >= 0) {
            previous[next[at]] = at;
        }
        offer(at);
        if (previous[at] >= 0) {
            offer(previous[at]);
        }
    }

    private void offer(int at) {
        int rank = rank(at);
        if (rank < 0) {
            return;
        }
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, 2 * heapSize);
        }
        long key = (long) rank << 32 | at;
        int place = heapSize++;
        while (place > 0 && heap[(place - 1) / 2] > key) {
            heap[place] = heap[(place - 1) / 2];
            place = (place - 1) / 2;
        }
        heap[place] = key;
    }

    private long pop() {
        long top = heap[0];
        long last = heap[--heapSize];
        int place = 0;
        for (int child = 1; child < heapSize; child = 2 * place + 1) {
            if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= last) {
                break;
            }
            heap[place] = heap[child];
            place = child;
        }
        heap[place] = last;
        return top;
    }
}
