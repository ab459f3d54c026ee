package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A layer or a net of layers. Constructing one declares its parameters; {@link #allocate} gives the outermost module's
 * parameters their memory, and then it can run.
 *
 * <p>{@code forward} in training is for one thread. After {@link #eval} it may be called from many threads at once, each
 * with a tape of its own; platform or virtual threads, and each gets the bits that it would get alone.
 */
public abstract class Module {
    private final Map<String, Module> children = new LinkedHashMap<>();
    private final Map<String, Parameter> own = new LinkedHashMap<>();
    private Parameters parameters;
    private boolean training = true;

    /** {@link #children} for {@link #modes}, which makes no garbage. */
    private Module[] parts;

    /** For subclasses, which declare children and parameters in their constructors. */
    protected Module() {}

    /** Declares a child; its parameters are named {@code name.…}. */
    protected final <M extends Module> M child(String name, M module) {
        if (children.putIfAbsent(name, module) != null || own.containsKey(name)) {
            throw new IllegalArgumentException("two parts of a module are named '" + name + "'; rename one");
        }
        parts = null;
        return module;
    }

    /** Declares a trainable parameter. */
    protected final Parameter parameter(String name, Shape shape, Initializer initializer) {
        return declare(name, Parameter.of(shape, initializer));
    }

    /** Declares a tensor that is saved with the model and not trained. */
    protected final Parameter buffer(String name, Shape shape, Initializer initializer) {
        return declare(name, Parameter.buffer(shape, initializer));
    }

    /** Declares an int64 scalar that is saved with the model, 0 at first. */
    protected final Parameter counter(String name) {
        return declare(name, Parameter.counter());
    }

    private Parameter declare(String name, Parameter parameter) {
        if (own.putIfAbsent(name, parameter) != null || children.containsKey(name)) {
            throw new IllegalArgumentException("two parts of a module are named '" + name + "'; rename one");
        }
        return parameter;
    }

    /** The result for {@code src}, on its tape; {@code src} stays the caller's, what lies between is released. */
    public abstract Tensor forward(Tensor src);

    /**
     * {@code module.forward(value)}, releasing {@code value} ({@link Tensor#release}) unless it is the caller's
     * {@code input} or the result itself.
     */
    protected static Tensor through(Module module, Tensor value, Tensor input) {
        Tensor result = module.forward(value);
        if (value != input && value != result) {
            value.release();
        }
        return result;
    }

    /**
     * Gives all parameters of this module and its children their memory and first values.
     *
     * @param seed of the initial values: the same seed gives the same net
     * @return the memory, which the caller closes when the net is no longer used
     * @throws IllegalArgumentException if that was done before
     * @throws io.gatun.memory.NativeMemoryException if the budget has no room
     */
    public final Parameters allocate(NativeMemory memory, long seed) {
        Parameters.Builder builder = Parameters.builder();
        declared().forEach(builder::add);
        parameters = builder.build(memory, getClass().getSimpleName(), seed);
        return parameters;
    }

    /**
     * The memory of all parameters: what an optimizer steps over.
     *
     * @throws IllegalStateException before {@link #allocate}
     */
    public final Parameters parameters() {
        if (parameters == null) {
            throw new IllegalStateException(
                    getClass().getSimpleName() + " has no memory yet; call allocate on the outermost module");
        }
        return parameters;
    }

    /** Parameters and buffers by their PyTorch names ({@code layer1.0.conv1.weight}), in PyTorch's order. */
    public final Map<String, Parameter> stateDict() {
        return Collections.unmodifiableMap(declared());
    }

    private Map<String, Parameter> declared() {
        Map<String, Parameter> all = new LinkedHashMap<>();
        collect("", all);
        return all;
    }

    private void collect(String prefix, Map<String, Parameter> all) {
        own.forEach((name, parameter) -> all.put(prefix + name, parameter));
        children.forEach((name, module) -> module.collect(prefix + name + ".", all));
    }

    /** How many numbers are trained; known before {@link #allocate}. */
    public final long parameterCount() {
        return declared().values().stream()
                .distinct()
                .filter(Parameter::requiresGrad)
                .mapToLong(p -> p.shape().elements())
                .sum();
    }

    /** Switches this module and its children to training: dropout drops, batch norm uses the batch. */
    public final Module train() {
        return mode(true);
    }

    /** Switches this module and its children to inference. */
    public final Module eval() {
        return mode(false);
    }

    private Module mode(boolean train) {
        training = train;
        children.values().forEach(module -> module.mode(train));
        return this;
    }

    public final boolean training() {
        return training;
    }

    /** A number that tells which of this module and its children are in training: changes when one of them changes. */
    public final int modes() {
        if (parts == null) {
            parts = children.values().toArray(Module[]::new);
        }
        int modes = training ? 1 : 2;
        for (Module part : parts) {
            modes = 31 * modes + part.modes();
        }
        return modes;
    }
}
