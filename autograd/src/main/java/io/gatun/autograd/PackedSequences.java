package io.gatun.autograd;

import io.gatun.kernel.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sequences of several lengths without the padding between them, as torch.nn.utils.rnn.pack_padded_sequence: rows
 * [Σ lengths, f], step by step, in each step those sequences that are alive, the longest first. A recurrent layer runs over
 * stretches of steps in which the same number of sequences is alive; their states are the first rows of the states before.
 *
 * <p>All ways in and out gather rows, so gradients are exact and padding has none. Lengths come in any order, and results are
 * in the caller's. Lengths are numbers of the heap: a {@link CapturedStep} that packs builds its step anew each time.
 */
public final class PackedSequences {
    /** Which sequence each sorted one is, by falling length; and the other way round. */
    private final int[] order;

    private final int[] place;
    private final int[] sortedLengths;
    private final int steps;
    /** How many sequences are alive in each step. */
    private final int[] alive;
    /** Of each step, the row of its first sequence; then the number of rows. */
    private final int[] first;

    private final Tensor data;

    private PackedSequences(int steps, int[] lengths, Tensor padded) {
        int b = lengths.length;
        this.steps = steps;
        this.order = IntStream.range(0, b)
                .boxed()
                .sorted(Comparator.comparingInt(i -> -lengths[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        this.place = new int[b];
        for (int i = 0; i < b; i++) {
            place[order[i]] = i;
        }
        this.sortedLengths = Arrays.stream(order).map(i -> lengths[i]).toArray();
        int longest = b == 0 ? 0 : sortedLengths[0];
        this.alive = new int[longest];
        this.first = new int[longest + 1];
        for (int t = 0; t < longest; t++) {
            int step = t;
            alive[t] = (int)
                    Arrays.stream(sortedLengths).filter(length -> length > step).count();
            first[t + 1] = first[t] + alive[t];
        }
        int[] rows = new int[first[longest]];
        for (int t = 0; t < longest; t++) {
            for (int i = 0; i < alive[t]; i++) {
                rows[first[t] + i] = t * b + order[i];
            }
        }
        this.data = rows(padded.reshape(steps * b, padded.shape.last()), rows);
    }

    private PackedSequences(PackedSequences like, Tensor data) {
        this.order = like.order;
        this.place = like.place;
        this.sortedLengths = like.sortedLengths;
        this.steps = like.steps;
        this.alive = like.alive;
        this.first = like.first;
        this.data = data;
    }

    /**
     * The sequences of src [t, b, f], of which {@code lengths[i]} steps are those of sequence i.
     *
     * @param lengths b of them, from 0 to t each, in any order
     * @throws IllegalArgumentException naming the shape, if they do not fit
     */
    public static PackedSequences pack(Tensor src, int... lengths) {
        Tape tape = Tape.of("pack", src);
        if (src.shape.rank() != 3 || lengths.length != src.shape.dim(1)) {
            throw new IllegalArgumentException("pack: " + lengths.length + " lengths for src " + src.shape
                    + " do not fit; give one for each sequence of [t x b x f]");
        }
        for (int length : lengths) {
            if (length < 0 || length > src.shape.dim(0)) {
                throw new IllegalArgumentException("pack: length " + length + " of " + Arrays.toString(lengths)
                        + " is not within src " + src.shape + "; give 0 to " + src.shape.dim(0));
            }
        }
        tape.once();
        return new PackedSequences(src.shape.dim(0), lengths, src);
    }

    /** A gather that may be of no rows. */
    private static Tensor rows(Tensor src, int... rows) {
        return rows.length == 0 ? src.tape.zeros(Shape.of(0, src.shape.last())) : Sequences.rows(src, rows);
    }

    /** The rows [Σ lengths, f]. */
    public Tensor data() {
        return data;
    }

    /** Other rows [Σ lengths, g] of the same sequences: what a layer made of {@link #data}. */
    public PackedSequences with(Tensor rows) {
        if (rows.shape.rank() != 2 || rows.shape.dim(0) != first[alive.length]) {
            throw new IllegalArgumentException(
                    "packed: rows " + rows.shape + " do not fit " + data.shape + "; give as many rows");
        }
        return new PackedSequences(this, rows);
    }

    /** Each sequence from its last step to its first. */
    public PackedSequences reversed() {
        int[] rows = new int[first[alive.length]];
        for (int t = 0; t < alive.length; t++) {
            for (int i = 0; i < alive[t]; i++) {
                rows[first[t] + i] = first[sortedLengths[i] - 1 - t] + i;
            }
        }
        return new PackedSequences(this, rows(data, rows));
    }

    /** The rows as [t, b, f] in the caller's order, zeros behind the end of each sequence. */
    public Tensor pad() {
        int b = order.length;
        int n = first[alive.length];
        if (n == 0) {
            return data.tape.zeros(Shape.of(steps, b, data.shape.last()));
        }
        int[] rows = new int[steps * b];
        Arrays.fill(rows, n);
        for (int t = 0; t < alive.length; t++) {
            for (int i = 0; i < alive[t]; i++) {
                rows[t * b + order[i]] = first[t] + i;
            }
        }
        Tensor zero = data.tape.zeros(Shape.of(1, data.shape.last()));
        Tensor table = n == rows.length ? data : Pieces.concat(0, data, zero);
        return Sequences.rows(table, rows).reshape(steps, b, data.shape.last());
    }

    /** Steps {@code from} to {@code from + steps} of the {@code alive} longest sequences. */
    public record Stretch(int from, int steps, int alive) {}

    /** From the first step to the last, with ever fewer sequences; none if all are empty. */
    public List<Stretch> stretches() {
        List<Stretch> stretches = new ArrayList<>();
        for (int t = 0; t < alive.length; ) {
            int from = t;
            while (t < alive.length && alive[t] == alive[from]) {
                t++;
            }
            stretches.add(new Stretch(from, t - from, alive[from]));
        }
        return stretches;
    }

    /** The rows of a stretch as [steps, alive, f]: a view. */
    public Tensor at(Stretch stretch) {
        int rows = stretch.steps * stretch.alive;
        return data.narrow(0, first[stretch.from], rows).reshape(stretch.steps, stretch.alive, data.shape.last());
    }

    /** States [b, width] of zeros. */
    public Tensor zeros(int width) {
        return data.tape.zeros(Shape.of(order.length, width));
    }

    /** States [b, h] in the caller's order, the longest sequence's first. */
    public Tensor sorted(Tensor states) {
        return inOrder(states, order);
    }

    /** States [b, h], the longest sequence's first, in the caller's order. */
    public Tensor restored(Tensor states) {
        return inOrder(states, place);
    }

    private static Tensor inOrder(Tensor states, int[] rows) {
        boolean same = IntStream.range(0, rows.length).allMatch(i -> rows[i] == i);
        return same ? states : Sequences.rows(states, rows);
    }
}
