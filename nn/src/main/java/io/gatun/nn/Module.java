package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
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
    private final Map<String, FileLayout> layouts = new HashMap<>();
    private Parameters parameters;
    private boolean training = true;
    private boolean frozen;
    private volatile ForwardHook[] hooks = {};

    /** What runs instead of {@link #forward}: this layer in bytes, or null. */
    private Module instead;

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

    /** Declares filters [o, k…, i], which PyTorch's files hold as [o, i, k…]. */
    protected final Parameter filters(String name, Shape shape, Initializer initializer) {
        layouts.put(name, FileLayout.filters(shape));
        return parameter(name, shape, initializer);
    }

    /** Declares the weights [out, h·w·c] of a layer behind a flattened image, which files hold as [out, c·h·w]. */
    protected final Parameter columns(String name, Shape shape, int channels, Initializer initializer) {
        layouts.put(name, FileLayout.columns(shape, channels));
        return parameter(name, shape, initializer);
    }

    /** Declares a tensor that is saved with the model and not trained. */
    protected final Parameter buffer(String name, Shape shape, Initializer initializer) {
        return declare(name, Parameter.buffer(shape, initializer));
    }

    /** Declares zeros of another type that are saved with the model and not trained. */
    final Parameter buffer(String name, Shape shape, DType type) {
        return declare(name, Parameter.buffer(shape, type));
    }

    /** Declares bytes that files hold as they hold another parameter: filters, or columns behind a flattened image. */
    final Parameter bytes(String name, Shape shape, FileLayout layout) {
        if (layout != null) {
            layouts.put(name, layout);
        }
        return buffer(name, shape, DType.S8);
    }

    /** How files hold a parameter of this module itself; null for as it is. */
    final FileLayout layout(String name) {
        return layouts.get(name);
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

    /** {@link #forward}, then the hooks: what a module's owner calls, as Python's {@code module(src)}. */
    public final Tensor call(Tensor src) {
        return observe(src, instead == null ? forward(src) : instead.forward(src));
    }

    /** {@link #call} runs that module's forward from now on; for {@link Quantization}. */
    final void replace(Module quantized) {
        instead = quantized;
    }

    /** Whether it is that module's forward that runs. */
    final boolean runs(Module other) {
        return instead == other;
    }

    /** Whether another module's forward runs. */
    final boolean replaced() {
        return instead != null;
    }

    /** Shows a result to the hooks; for the {@code call} of modules whose forward takes more than one tensor. */
    protected final Tensor observe(Tensor src, Tensor dst) {
        for (ForwardHook hook : hooks) {
            hook.saw(this, src, dst);
        }
        return dst;
    }

    /** Sees what goes into a module and what comes out of it. */
    @FunctionalInterface
    public interface ForwardHook {
        /**
         * Called on the thread of {@link Module#call}, while both tensors are valid. A {@link
         * io.gatun.autograd.CapturedStep} calls it when it builds its step and not when it repeats it.
         */
        void saw(Module module, Tensor src, Tensor dst);
    }

    /** What ends a hook, or {@link #inference}. */
    public interface Registration extends AutoCloseable {
        @Override
        void close();
    }

    /** Adds a hook to this module alone, behind those it has; safe while other threads run the module. */
    public final synchronized Registration onForward(ForwardHook hook) {
        ForwardHook[] more = Arrays.copyOf(hooks, hooks.length + 1);
        more[hooks.length] = hook;
        hooks = more;
        return () -> remove(hook);
    }

    private synchronized void remove(ForwardHook hook) {
        List<ForwardHook> left = new ArrayList<>(List.of(hooks));
        left.remove(hook);
        hooks = left.toArray(ForwardHook[]::new);
    }

    /** This module under the empty name and all below it by their paths ({@code layer1.0.conv1}), outer before inner. */
    public final Map<String, Module> modules() {
        Map<String, Module> all = new LinkedHashMap<>();
        walk("", all);
        return Collections.unmodifiableMap(all);
    }

    private void walk(String path, Map<String, Module> all) {
        all.put(path, this);
        children.forEach((name, module) -> module.walk(path.isEmpty() ? name : path + "." + name, all));
    }

    /**
     * {@code module.call(value)}, releasing {@code value} ({@link Tensor#release}) unless it is the caller's
     * {@code input} or the result itself.
     */
    protected static Tensor through(Module module, Tensor value, Tensor input) {
        Tensor result = module.call(value);
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

    /** Those parameters of {@link #stateDict} that files hold otherwise. */
    final Map<String, FileLayout> layouts() {
        Map<String, FileLayout> all = new HashMap<>();
        modules()
                .forEach((path, module) -> module.layouts.forEach(
                        (name, layout) -> all.put(path.isEmpty() ? name : path + "." + name, layout)));
        return all;
    }

    /** How many numbers are trained; known before {@link #allocate}. */
    public final long parameterCount() {
        return declared().values().stream()
                .distinct()
                .filter(Parameter::requiresGrad)
                .mapToLong(p -> p.shape().elements())
                .sum();
    }

    /**
     * Whether backward computes gradients of this module's parameters and its children's, as torch's {@code
     * requires_grad_}; buffers stay as they are.
     */
    public final Module requiresGrad(boolean wanted) {
        for (Parameter parameter : declared().values()) {
            if (parameter.trained()) {
                parameter.requiresGrad(wanted);
            }
        }
        return this;
    }

    /**
     * For a backbone that is not trained: no gradients, and inference also where the net around it is in training, so that
     * its batch norms keep their statistics.
     */
    public final Module freeze() {
        return frozen(true);
    }

    /**
     * Takes {@link #freeze} back; the module is in training if the net around it was last told so.
     *
     * @throws IllegalStateException if batch norms were folded
     */
    public final Module unfreeze() {
        refuseFolded("trained");
        return frozen(false);
    }

    private Module frozen(boolean wanted) {
        modules().values().forEach(module -> module.frozen = wanted);
        return requiresGrad(!wanted);
    }

    /**
     * Switches this module and its children to training: dropout drops, batch norm uses the batch.
     *
     * @throws IllegalStateException if batch norms were folded
     */
    public final Module train() {
        refuseFolded("trained");
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

    /**
     * Switches this module and its children to inference until what is returned is closed; then each is again as it was,
     * also where a part had been switched by itself: {@code try (var _ = model.inference()) { … }}.
     */
    public final Registration inference() {
        Map<Module, Boolean> before = new LinkedHashMap<>();
        modules().values().forEach(module -> before.put(module, module.training));
        eval();
        return () -> before.forEach((module, was) -> module.training = was);
    }

    /** Whether dropout drops and batch norm uses the batch: after {@link #train}, unless frozen. */
    public final boolean training() {
        return training && !frozen;
    }

    /**
     * The convolutions among this module's children whose results go to one of its batch norms and nowhere else; for {@link
     * Folding}. None by default: a module that calls such a pair says so here.
     */
    protected List<Folding.Pair> foldable() {
        return List.of();
    }

    /** Whether {@link Folding} has changed what this layer computes. */
    boolean folded() {
        return false;
    }

    /** Throws if a part was folded: its numbers are no longer those that the names stand for. */
    final void refuseFolded(String what) {
        modules().forEach((path, module) -> {
            if (module.folded() || module.replaced()) {
                throw new IllegalStateException(
                        getClass().getSimpleName() + " cannot be " + what + ": its part '" + path + "' was "
                                + (module.replaced() ? "quantised" : "folded")
                                + " for inference; build the net again and load its weights from their"
                                + " file");
            }
        });
    }

    /** A number that tells which of this module and its children are in training: changes when one of them changes. */
    public final int modes() {
        if (parts == null) {
            parts = children.values().toArray(Module[]::new);
        }
        int modes = replaced() ? 4 : folded() ? 3 : training() ? 1 : 2;
        for (Module part : parts) {
            modes = 31 * modes + part.modes();
        }
        return modes;
    }
}
