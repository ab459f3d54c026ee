package io.gatun.nn;

import io.gatun.autograd.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * One module after the other, named 0, 1, 2, … as in torch.nn.Sequential, or by names of one's own; what one hands to the
 * next is released.
 *
 * <pre>{@code
 * Sequential net = new Sequential(new Linear(4, 8), Nonlinearity.relu())
 *         .append(x -> x.clamp(0, 6))
 *         .append("head", new Linear(8, 2));
 * }</pre>
 */
public final class Sequential extends Module {
    private final List<Module> modules = new ArrayList<>();

    /** Modules named 0, 1, 2, … in this order. */
    public Sequential(Module... modules) {
        for (Module module : modules) {
            append(module);
        }
    }

    /** Adds a module under its number; before {@link #allocate}. Returns this. */
    public Sequential append(Module module) {
        return append(Integer.toString(modules.size()), module);
    }

    /** Adds a module under a name of its own. */
    public Sequential append(String name, Module module) {
        modules.add(child(name, module));
        return this;
    }

    /** Adds a function of tensors, which has no parameters. */
    public Sequential append(UnaryOperator<Tensor> function) {
        return append(new Lambda(function));
    }

    /** The module at that place. */
    public Module get(int index) {
        return modules.get(index);
    }

    /** How many modules there are. */
    public int size() {
        return modules.size();
    }

    @Override
    protected List<Folding.Pair> foldable() {
        List<Folding.Pair> pairs = new ArrayList<>();
        for (int i = 1; i < modules.size(); i++) {
            if (modules.get(i - 1) instanceof Conv2d conv && modules.get(i) instanceof BatchNorm2d norm) {
                pairs.add(new Folding.Pair(conv, norm, false));
            }
        }
        return pairs;
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
