package io.gatun.nn;

import io.gatun.autograd.Tensor;
import java.util.ArrayList;
import java.util.List;

/** One module after the other, named 0, 1, 2, … as in torch.nn.Sequential; what one hands to the next is released. */
public final class Sequential extends Module {
    private final List<Module> modules = new ArrayList<>();

    public Sequential(Module... modules) {
        for (Module module : modules) {
            this.modules.add(child(Integer.toString(this.modules.size()), module));
        }
    }

    @Override
    public Tensor forward(Tensor src) {
        Tensor value = src;
        for (Module module : modules) {
            value = through(module, value, src);
        }
        return value;
    }
}
