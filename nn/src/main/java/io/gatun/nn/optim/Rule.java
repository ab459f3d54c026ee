package io.gatun.nn.optim;

import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** What an optimizer does to a range of parameters: the options of one, and the fused kernel that they ask for. */
public sealed interface Rule permits Sgd.Options, Adagrad.Options, RmsProp.Options, Adam.Options, AdamW.Options {
    /**
     * The pass over {@code count} floats of which the first {@code decayed} decay.
     *
     * @param clip the largest magnitude of a gradient, infinity for any
     */
    Spec spec(long count, long decayed, float clip);

    /** The names of the buffers of the parameters' layout that it keeps, in the order of the kernel's operands. */
    List<String> states();

    /** What each number of a state is at first. */
    default float initial(String state) {
        return 0;
    }

    /**
     * Fills the kernel's last operand, four floats.
     *
     * @param step how many steps these parameters have made, 0 before the first
     */
    void hyper(MemorySegment hyper, float rate, float gradientScale, long step);
}
