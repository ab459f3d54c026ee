package io.gatun.nn;

import io.gatun.autograd.Pieces;
import io.gatun.autograd.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Branches that all see the source, their results joined along the last axis, the channels: what Inception and DenseNet are
 * made of. An {@link Identity} among them keeps the source itself. Named 0, 1, 2, …
 */
public final class Concat extends Module {
    private final List<Module> branches = new ArrayList<>();

    /** At least one branch. */
    public Concat(Module... branches) {
        if (branches.length == 0) {
            throw new IllegalArgumentException("Concat: no branches; give at least one");
        }
        for (Module branch : branches) {
            this.branches.add(child(Integer.toString(this.branches.size()), branch));
        }
    }

    @Override
    public Tensor forward(Tensor src) {
        Tensor[] results = branches.stream().map(branch -> branch.call(src)).toArray(Tensor[]::new);
        Tensor dst = Pieces.concat(-1, results);
        for (Tensor result : results) {
            if (result != src) {
                result.release();
            }
        }
        return dst;
    }
}
