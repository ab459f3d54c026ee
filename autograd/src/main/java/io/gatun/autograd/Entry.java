package io.gatun.autograd;

import io.gatun.memory.StepSlab;

/** One recorded operation: what went in, what came out, and the versions of the tensors its rule will read. */
final class Entry {
    final Op op;
    final Tensor[] inputs;
    final Tensor[] outputs;
    private final int[] versions;
    boolean consumed;

    /** The rule has run, and what only it needed is gone. */
    private boolean spent;

    Entry(Op op, Tensor[] inputs, Tensor... outputs) {
        this.op = op;
        this.inputs = inputs;
        this.outputs = outputs;
        this.versions = new int[inputs.length + outputs.length];
        for (int i = 0; i < versions.length; i++) {
            Tensor tensor = tensor(i);
            versions[i] = tensor == null ? 0 : tensor.version();
            if (tensor != null && read(i)) {
                tensor.toBeRead();
            }
        }
    }

    private boolean read(int index) {
        return index < inputs.length ? op.readsInput(index) : op.readsOutput();
    }

    /** The rule has run for the last time: what nobody else needs is free. */
    void release(StepSlab slab) {
        if (spent) {
            return;
        }
        spent = true;
        for (int i = 0; i < versions.length; i++) {
            Tensor tensor = tensor(i);
            if (tensor != null && read(i)) {
                tensor.wasRead();
            }
        }
        if (op.workspace() != null) {
            slab.free(op.workspace());
        }
    }

    private Tensor tensor(int index) {
        return index < inputs.length ? inputs[index] : outputs[index - inputs.length];
    }

    boolean wanted() {
        for (Tensor output : outputs) {
            if (output.needed) {
                return true;
            }
        }
        return false;
    }

    /** Refuses a rule that would read what is no longer there. */
    void check() {
        if (consumed) {
            throw new IllegalStateException("backward reaches " + op.name() + " -> " + outputs[0].shape
                    + " a second time, after its graph was freed; call backward(true) the first time to retain it");
        }
        if (spent && op.workspace() != null) {
            throw gone(op.name());
        }
        for (int i = 0; i < versions.length; i++) {
            Tensor tensor = tensor(i);
            if (tensor == null || !read(i)) {
                continue;
            }
            if (tensor.gone()) {
                throw gone(tensor.toString());
            }
            if (tensor.version() != versions[i]) {
                throw new IllegalStateException(tensor + " was changed in place after " + op.name()
                        + " saved it for backward; change a copy, or change it after backward");
            }
        }
    }

    private static IllegalStateException gone(String what) {
        return new IllegalStateException("backward needs " + what
                + ", whose memory a backward that failed has given back;" + " run the step again, after abandon()");
    }
}
