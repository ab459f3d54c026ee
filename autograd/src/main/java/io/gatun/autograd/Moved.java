package io.gatun.autograd;

import io.gatun.memory.Places;
import io.gatun.memory.StepSlab;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What a step's operations have moved outside its slab: running statistics. Keeps what they were, in the slab itself
 * (8 bytes a channel), so that a step that cannot be finished leaves them as it found them.
 */
final class Moved {
    /** A tensor and its values before. */
    record Saved(Tensor tensor, MemorySegment before) {}

    private final StepSlab slab;
    private final List<Saved> saved = new ArrayList<>();

    /** How many of them a finished backward stands behind. */
    private int settled;

    Moved(StepSlab slab) {
        this.slab = slab;
    }

    /** Call it before the change; each repetition saves anew. */
    void save(Tensor tensor, Tape tape) {
        MemorySegment values = tensor.memory();
        if (tape.place().holds(values)) {
            Saved place = new Saved(tensor, slab.allocate(values.byteSize(), tensor.label()));
            tape.act(() -> tape.place().copy(tensor.memory(), place.before));
            tape.note(() -> saved.add(place));
        } else {
            // A counter, which is the host's in every place.
            Saved place = new Saved(tensor, MemorySegment.ofArray(new long[Math.toIntExact(values.byteSize() / 8)]));
            tape.note(() -> {
                place.before.copyFrom(tensor.memory());
                saved.add(place);
            });
        }
    }

    /** A backward has used what the forward before it computed: a later failure does not take that back. */
    void settle() {
        settled = saved.size();
    }

    /** Takes back what was moved since the last {@link #settle}. */
    void takeBack() {
        takeBack(settled);
    }

    /** Takes back all of the step. */
    void takeAllBack() {
        takeBack(0);
        settled = 0;
    }

    /** The latest first: a layer used twice was moved twice. */
    private void takeBack(int from) {
        while (saved.size() > from) {
            Saved last = saved.removeLast();
            Places.copy(last.before, last.tensor.memory());
            last.tensor.changed();
        }
    }

    /** The step is over. */
    void forget() {
        saved.clear();
        settled = 0;
    }
}
