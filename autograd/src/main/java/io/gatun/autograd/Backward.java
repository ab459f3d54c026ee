package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.kernel.Plan;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.CastSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The walk back over the entries, and where gradients go. The first contribution to a gradient is written straight into
 * its memory; further ones are written beside it and added. What a leaf had from an earlier backward is not touched before
 * all of this one is known ({@link Leaves}), so one that fails halfway changes nothing.
 */
final class Backward {
    private final Tape tape;
    private final List<Entry> entries;
    private final GradientMemory memory;
    private final Leaves leaves = new Leaves(this);
    private boolean walking;

    /** The gradient of the loss by itself, which is 1 in each repetition of this step too. */
    private MemorySegment seed;

    private Parameter[] written = {};

    Backward(Tape tape, List<Entry> entries, GradientMemory memory) {
        this.tape = tape;
        this.entries = entries;
        this.memory = memory;
    }

    void forget() {
        memory.forget();
    }

    /** The parameters whose gradient the latest backward has written in place. */
    Parameter[] written() {
        return written;
    }

    /** Whether a rule is running, which may read what its caller has released. */
    boolean walking() {
        return walking;
    }

    void run(Tensor loss, boolean retain) {
        loss.memory();
        if (loss.shape.elements() != 1) {
            throw new IllegalArgumentException("backward: " + loss + " has " + loss.shape.elements()
                    + " elements; reduce it to one with sum() or mean()");
        }
        if (loss.record < 0) {
            throw new IllegalStateException("backward: " + loss
                    + " has no recorded operation; do its inputs require gradients, and is noGrad() closed?");
        }
        int last = loss.record;
        List<Entry> passed = new ArrayList<>();
        boolean done = false;
        walking = true;
        try {
            mark(loss);
            seed(loss);
            for (int i = last; i >= 0; i--) {
                Entry entry = entries.get(i);
                if (arrived(entry)) {
                    keep(entry);
                    Gradients.apply(this, entry);
                    passed.add(entry);
                    drop(entry);
                    if (!retain) {
                        entry.release(tape.slab());
                    }
                }
            }
            if (leaves.had()) {
                tape.once();
            }
            written = leaves.begun();
            leaves.addToWhatTheyHad();
            passed.forEach(entry -> entry.consumed = !retain);
            done = true;
        } finally {
            walking = false;
            seed = null;
            for (int i = last; i >= 0; i--) {
                drop(entries.get(i));
            }
            if (done) {
                memory.settle();
            } else {
                leaves.takeBack();
                memory.reclaim();
            }
        }
    }

    /** Finds the entries on the way and refuses before any gradient changes. */
    private void mark(Tensor loss) {
        loss.needed = true;
        for (int i = loss.record; i >= 0; i--) {
            Entry entry = entries.get(i);
            if (!entry.wanted()) {
                continue;
            }
            entry.check();
            for (Tensor input : entry.inputs) {
                if (input != null && input.record >= 0) {
                    input.needed = true;
                } else if (wants(input)) {
                    leaves.meet(input);
                }
            }
        }
    }

    private void seed(Tensor loss) {
        MemorySegment one = memory.take(4);
        tape.fill(one, 1);
        seed = one;
        loss.grad = one;
        loss.gradOwned = true;
    }

    private static boolean arrived(Entry entry) {
        for (Tensor output : entry.outputs) {
            if (output.grad != null) {
                return true;
            }
        }
        return false;
    }

    /** Copies the whole gradients of outputs that retain them: their memory may be that of other gradients. */
    private void keep(Entry entry) {
        for (Tensor output : entry.outputs) {
            if (output.retained && output.grad != null) {
                long count = output.shape.elements();
                boolean first = output.kept == null;
                MemorySegment kept = first ? temporary(count, output.type) : output.kept;
                plan(new AxpbySpec(count, 1, first ? 0 : 1), output.type).run(output.grad, kept);
                output.kept = kept;
            }
        }
    }

    /** The gradients of an entry's outputs are of no more use. */
    private void drop(Entry entry) {
        for (Tensor output : entry.outputs) {
            if (output.grad != null && output.gradOwned && !output.gradShared) {
                seed = output.grad == seed ? null : seed;
                memory.give(output.grad);
            }
            output.grad = null;
            output.gradOwned = false;
            output.gradShared = false;
            output.needed = false;
        }
    }

    /** Whether this gradient is the constant 1 that the walk began with. */
    boolean isOne(MemorySegment gradient) {
        return gradient == seed;
    }

    boolean wants(Tensor input) {
        return input != null && input.requiresGrad;
    }

    /** The plan of a backward spec that reads a workspace of {@code forward}. */
    Plan plan(Spec spec, Plan forward) {
        return tape.kernels().plan(spec, forward);
    }

    Plan plan(Spec spec) {
        return tape.plan(spec);
    }

    /** The plan of a spec whose large arrays are of this type. */
    Plan plan(Spec spec, DType storage) {
        return tape.plan(MixedSpec.of(spec, storage));
    }

    /** As {@link #plan(Spec, DType)}, with a float result: what is the gradient of a parameter. */
    Plan wide(Spec spec, DType storage) {
        return tape.plan(storage == DType.F32 ? spec : new MixedSpec(spec, storage, true));
    }

    /** Memory of backward for floats, of any content; hand it to {@link #free} when done. */
    MemorySegment temporary(long elements) {
        return temporary(elements, DType.F32);
    }

    /** As {@link #temporary(long)}, for another type. */
    MemorySegment temporary(long elements, DType type) {
        return memory.take(type.bytes() * elements);
    }

    /** The numbers as floats: themselves, or a temporary copy; {@link #freeOther} takes either. */
    MemorySegment floats(MemorySegment numbers, long elements, DType type) {
        if (type == DType.F32) {
            return numbers;
        }
        MemorySegment floats = temporary(elements);
        plan(new CastSpec(type, DType.F32, elements)).run(numbers, floats);
        return floats;
    }

    /** A temporary is free, unless it is what it might have been made of. */
    void freeOther(MemorySegment temporary, MemorySegment given) {
        if (temporary != given) {
            free(temporary);
        }
    }

    /**
     * Makes floats part of the gradient of {@code input}, whatever its type: {@code where} is its {@link #into}, or a
     * {@link #temporary(long)} where that is not float.
     */
    void wroteFloats(Tensor input, MemorySegment where) {
        if (input.type == DType.F32) {
            wrote(input, where);
            return;
        }
        long elements = input.shape.elements();
        MemorySegment narrow = into(input);
        plan(new CastSpec(DType.F32, input.type, elements)).run(where, narrow);
        free(where);
        wrote(input, narrow);
    }

    /** Where a kernel may write a whole contribution in float; then call {@link #wroteFloats}. */
    MemorySegment intoFloats(Tensor input) {
        return input.type == DType.F32 ? into(input) : temporary(input.shape.elements());
    }

    /** A temporary of zeros like this tensor. */
    MemorySegment zeros(Tensor like) {
        MemorySegment zeros = temporary(like.shape.elements(), like.type);
        tape.zero(zeros);
        return zeros;
    }

    /** As {@link #temporary}, zero. */
    MemorySegment zeros(long elements) {
        MemorySegment zeros = temporary(elements);
        tape.zero(zeros);
        return zeros;
    }

    /** As {@link #temporary}, each element one. */
    MemorySegment ones(int elements) {
        MemorySegment ones = temporary(elements);
        tape.fill(ones, 1);
        return ones;
    }

    void free(MemorySegment temporary) {
        memory.give(temporary);
    }

    /** Where a kernel may write a whole contribution to the gradient of {@code input}; then call {@link #wrote}. */
    MemorySegment into(Tensor input) {
        if (wants(input) && input instanceof Parameter parameter && parameter.gradientEmpty()) {
            // At once, so that a parameter used twice by one operation is not given the same memory twice.
            leaves.begin(parameter);
            return parameter.gradientMemory();
        }
        return temporary(input.shape.elements(), input.type);
    }

    /** The gradient of {@code input} itself, zero where nothing has arrived, for a kernel that adds to it. */
    MemorySegment sum(Tensor input) {
        if (input instanceof Parameter parameter && (parameter.gradientEmpty() || leaves.begun(parameter))) {
            if (parameter.gradientEmpty()) {
                leaves.begin(parameter);
                tape.zero(parameter.gradientMemory());
            }
            return parameter.gradientMemory();
        }
        if (input.grad == null) {
            input.grad = zeros(input);
            input.gradOwned = true;
        } else if (!input.gradOwned || input.gradShared) {
            MemorySegment own = temporary(input.shape.elements(), input.type);
            plan(new AxpbySpec(input.shape.elements(), 1, 0), input.type).run(input.grad, own);
            input.grad = own;
            input.gradOwned = true;
            input.gradShared = false;
        }
        return input.grad;
    }

    /** Makes what was written to the memory of {@link #into} part of the gradient. */
    void wrote(Tensor input, MemorySegment where) {
        if (!wants(input)) {
            free(where);
        } else if (input instanceof Parameter parameter && leaves.begun(parameter)) {
            if (where != parameter.gradientMemory()) {
                accumulate(where, parameter.gradientMemory(), parameter);
                free(where);
            }
        } else if (input.grad == null) {
            input.grad = where;
            input.gradOwned = true;
        } else {
            add(input, where);
            free(where);
        }
    }

    /** The gradient of {@code input} is (also) that of {@code output}: no copy where none is needed. */
    void same(Tensor input, Tensor output) {
        if (!wants(input)) {
            return;
        }
        boolean leaf = input.record < 0;
        if (!leaf && input.grad == null) {
            output.gradShared = true;
        }
        borrow(input, output.grad);
    }

    /** As {@link #same}, from memory that must not be written and outlives this backward. */
    void borrow(Tensor input, MemorySegment contribution) {
        long count = input.shape.elements();
        if (!wants(input)) {
            return;
        }
        if (input.record < 0 && input.grad == null) {
            MemorySegment where = into(input);
            plan(new AxpbySpec(count, 1, 0), input.type).run(contribution, where);
            wrote(input, where);
        } else if (input.grad == null) {
            input.grad = contribution;
            input.gradOwned = false;
        } else {
            add(input, contribution);
        }
    }

    private void add(Tensor input, MemorySegment contribution) {
        if (input.gradOwned && !input.gradShared) {
            accumulate(contribution, input.grad, input);
            return;
        }
        long count = input.shape.elements();
        MemorySegment sum = temporary(count, input.type);
        plan(BinarySpec.of(BinarySpec.Op.ADD, count), input.type).run(input.grad, contribution, sum);
        input.grad = sum;
        input.gradOwned = true;
        input.gradShared = false;
    }

    /** Adds to a gradient of {@code input}. */
    void accumulate(MemorySegment contribution, MemorySegment sum, Tensor input) {
        plan(new AxpbySpec(input.shape.elements(), 1, 1), input.type).run(contribution, sum);
    }
}
