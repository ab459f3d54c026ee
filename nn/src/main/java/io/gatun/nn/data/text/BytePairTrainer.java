package io.gatun.nn.data.text;

import io.gatun.nn.data.text.BytePairEncoding.Merge;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;

/**
 * Learns merges from the counts of different words. The count of a pair changes only in words that hold the pair just
 * merged, so each pair keeps the set of its words, and a queue of (count, pair) is corrected when an outdated entry comes
 * up. Independent of the order of hash tables: words are numbered in sorted order, ties are broken by bytes.
 */
final class BytePairTrainer {
    private final List<int[]> words = new ArrayList<>();
    private final List<Long> counts = new ArrayList<>();
    private final List<byte[]> bytes = new ArrayList<>();
    private final Map<Long, Pair> pairs = new HashMap<>();
    private final PriorityQueue<Entry> queue = new PriorityQueue<>(this::compare);

    /** A pair of neighbours: how often, and in which words (some of which may have lost it). */
    private static final class Pair {
        private long count;
        private final Set<Integer> words = new HashSet<>();
    }

    private record Entry(long count, int left, int right) {}

    BytePairTrainer(Iterable<? extends CharSequence> texts) {
        Map<String, Long> found = new TreeMap<>();
        for (CharSequence text : texts) {
            Matcher matcher = BytePairEncoding.WORD.matcher(text);
            while (matcher.find()) {
                found.merge(matcher.group(), 1L, Long::sum);
            }
        }
        found.forEach((word, count) -> {
            byte[] utf8 = BytePairEncoding.utf8(word);
            int[] tokens = new int[utf8.length];
            Arrays.setAll(tokens, i -> utf8[i] & 0xFF);
            words.add(tokens);
            counts.add(count);
        });
        for (int b = 0; b < BytePairEncoding.BYTES; b++) {
            bytes.add(new byte[] {(byte) b});
        }
        for (int w = 0; w < words.size(); w++) {
            count(w, 1);
        }
        pairs.forEach((key, pair) -> queue.add(entry(key, pair.count)));
    }

    private static Entry entry(long key, long count) {
        return new Entry(count, (int) (key >>> 32), (int) key);
    }

    private int compare(Entry a, Entry b) {
        int byCount = Long.compare(b.count, a.count);
        int byLeft = byCount != 0 ? byCount : Arrays.compareUnsigned(bytes.get(a.left), bytes.get(b.left));
        return byLeft != 0 ? byLeft : Arrays.compareUnsigned(bytes.get(a.right), bytes.get(b.right));
    }

    List<Merge> train(int wanted) {
        List<Merge> merges = new ArrayList<>();
        while (merges.size() < wanted && !queue.isEmpty()) {
            Entry top = queue.poll();
            Merge merge = new Merge(top.left, top.right);
            Pair pair = pairs.get(merge.key());
            if (pair == null || pair.count < 2) {
                continue;
            }
            if (pair.count != top.count) {
                queue.add(entry(merge.key(), pair.count));
                continue;
            }
            if (bytes.get(top.left).length + bytes.get(top.right).length <= BytePairEncoding.MAX_TOKEN_BYTES) {
                apply(merge, pair, merges);
            }
        }
        return merges;
    }

    private void apply(Merge merge, Pair pair, List<Merge> merges) {
        byte[] left = bytes.get(merge.left());
        byte[] right = bytes.get(merge.right());
        byte[] joined = Arrays.copyOf(left, left.length + right.length);
        System.arraycopy(right, 0, joined, left.length, right.length);
        int token = bytes.size();
        bytes.add(joined);
        merges.add(merge);
        Set<Long> touched = new HashSet<>();
        for (int w : List.copyOf(pair.words)) {
            count(w, -1);
            words.set(w, replace(words.get(w), merge, token));
            touched.addAll(count(w, 1));
        }
        pairs.remove(merge.key());
        for (long key : touched) {
            Pair changed = pairs.get(key);
            if (changed != null) {
                queue.add(entry(key, changed.count));
            }
        }
    }

    /** Adds or takes away the pairs of a word, and returns them. */
    private Set<Long> count(int w, int sign) {
        int[] tokens = words.get(w);
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i + 1 < tokens.length; i++) {
            long key = new Merge(tokens[i], tokens[i + 1]).key();
            Pair pair = pairs.computeIfAbsent(key, k -> new Pair());
            pair.count += sign * counts.get(w);
            if (sign > 0) {
                pair.words.add(w);
            } else {
                pair.words.remove(w);
            }
            seen.add(key);
        }
        return seen;
    }

    private static int[] replace(int[] tokens, Merge merge, int token) {
        int[] out = new int[tokens.length];
        int size = 0;
        for (int i = 0; i < tokens.length; i++) {
            boolean here = i + 1 < tokens.length && tokens[i] == merge.left() && tokens[i + 1] == merge.right();
            out[size++] = here ? token : tokens[i];
            i += here ? 1 : 0;
        }
        return Arrays.copyOf(out, size);
    }
}
