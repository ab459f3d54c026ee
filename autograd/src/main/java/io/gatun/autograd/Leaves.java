package io.gatun.autograd;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * The gradients that outlive a backward: those of parameters and of other leaves. A parameter without one gets its own
 * written directly. Where there is one from before, the new one is summed up beside it, as PyTorch does, and added at the
 * end, which costs the memory of a second gradient but leaves the old one whole if the backward fails.
 */
final class Leaves {
    /** A leaf and the gradient that it had. */
    private record Had(Tensor leaf, MemorySegment grad) {}

    private final Backward backward;
    private final Set<Tensor> met = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Had> had = new ArrayList<>();
    private final Set<Parameter> begun = Collections.newSetFromMap(new IdentityHashMap<>());

    Leaves(Backward backward) {
        this.backward = backward;
    }

    /** A leaf that this backward will reach. */
    void meet(Tensor leaf) {
        if (!met.add(leaf)) {
            return;
        }
        if (leaf instanceof Parameter parameter) {
            if (!parameter.gradientEmpty()) {
                had.add(new Had(leaf, parameter.gradientMemory()));
            }
        } else if (leaf.grad != null) {
            had.add(new Had(leaf, leaf.grad));
            leaf.grad = null;
        }
    }

    /** From now on this parameter's gradient is being written in its place. */
    void begin(Parameter parameter) {
        parameter.gradientWritten();
        begun.add(parameter);
    }

    boolean begun(Parameter parameter) {
        return begun.contains(parameter);
    }

    /** Whether there are gradients from before. */
    boolean had() {
        return !had.isEmpty();
    }

    Parameter[] begun() {
        return begun.toArray(Parameter[]::new);
    }

    /** All has arrived. */
    void addToWhatTheyHad() {
        for (Had before : had) {
            Tensor leaf = before.leaf;
            MemorySegment added = leaf.grad;
            if (added != null) {
                backward.accumulate(added, before.grad, leaf);
                backward.free(added);
            }
            settle(before);
        }
        forget();
    }

    /** The backward has failed. */
    void takeBack() {
        met.forEach(leaf -> leaf.grad = null);
        had.forEach(Leaves::settle);
        begun.forEach(Parameter::clearGradient);
        forget();
    }

    private static void settle(Had before) {
        Tensor leaf = before.leaf;
        leaf.grad = leaf instanceof Parameter ? null : before.grad;
        leaf.gradOwned = leaf.grad != null;
        leaf.gradShared = false;
    }

    private void forget() {
        met.clear();
        had.clear();
        begun.clear();
    }
}
