package io.gatun.autograd;

/** One recorded operation: what went in, what came out, and the versions of the tensors its rule will read. */
final class Entry {
    final Op op;
    final Tensor[] inputs;
    final Tensor[] outputs;
    private final int[] versions;
    boolean consumed;

    Entry(Op op, Tensor[] inputs, Tensor... outputs) {
        this.op = op;
        this.inputs = inputs;
        this.outputs = outputs;
        this.versions = new int[inputs.length + outputs.length];
        for (int i = 0; i < versions.length; i++) {
            Tensor tensor = tensor(i);
            versions[i] = tensor == null ? 0 : tensor.version();
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
        for (int i = 0; i < versions.length; i++) {
            Tensor tensor = tensor(i);
            boolean read = i < inputs.length ? op.readsInput(i) : op.readsOutput();
            if (read && tensor != null && tensor.version() != versions[i]) {
                throw new IllegalStateException(tensor + " was changed in place after " + op.name()
                        + " saved it for backward; change a copy, or change it after backward");
            }
        }
    }
}
