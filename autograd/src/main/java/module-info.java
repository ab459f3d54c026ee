/** Tensors, the tape and all gradient rules. */
module io.gatun.autograd {
    requires transitive io.gatun.core;

    exports io.gatun.autograd;
}
