package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ObjLongConsumer;

/**
 * The memory of a model: all parameters in one flat buffer, their gradients in a second of the same layout, and the
 * buffers (running statistics) in a third, so that an optimizer step is one pass over memory.
 *
 * <p>Layout: parameters with more than one axis come first, in the order they were added; those with one (biases, norms),
 * which weight decay leaves alone, behind them. Each slice begins on a 64-byte line; the gaps are zero and stay zero,
 * since their gradients are.
 *
 * <p>All lies in the place of the memory it was given; but for the {@link Parameter#counter counters}, which Java counts on
 * the host in every place.
 */
public final class Parameters implements AutoCloseable {
    private static final long LINE = 16;

    private final Map<String, Parameter> named;
    private final Parameter[] trainable;

    /** What draws random numbers, its place here is its stream: no counters, a net begins the same with and without one. */
    private final List<Parameter> drawing;

    private final ParameterScope scope;
    private final Place place;
    private final MemorySegment values;
    private final MemorySegment gradients;
    private final MemorySegment buffers;

    /** On a device the counters lie here, each where it would lie in {@link #buffers}. */
    private final MemorySegment counters;

    private final ParameterScope counterScope;
    private final long count;
    private final long decayed;
    private long gradientEpoch;
    private int valueVersion;
    private int structure;

    private Parameters(Map<String, Parameter> named, NativeMemory memory, String name, long seed) {
        this.named = named;
        List<String> weights = new ArrayList<>();
        List<String> others = new ArrayList<>();
        List<String> fixed = new ArrayList<>();
        Set<Parameter> seen = new LinkedHashSet<>();
        named.forEach((path, parameter) -> {
            if (seen.add(parameter)) {
                (!parameter.requiresGrad ? fixed : parameter.shape.rank() > 1 ? weights : others).add(path);
            }
        });
        this.decayed = floats(weights);
        this.count = decayed + floats(others);
        this.place = memory.place();
        this.scope = memory.parameters(name);
        this.counterScope = place.isHost() ? scope : memory.onHost().parameters(name + " counters");
        try {
            values = scope.allocate(4 * count, name + " parameters");
            gradients = scope.allocate(4 * count, name + " gradients");
            buffers = scope.allocate(4 * floats(fixed), name + " buffers");
            counters = place.isHost() ? buffers : counterScope.allocate(buffers.byteSize(), name + " counters");
            // Debug mode fills fresh memory with NaN; the gaps and the gradients count on zero.
            place.fill(values, (byte) 0);
            place.fill(gradients, (byte) 0);
            counters.fill((byte) 0);
            place.fill(buffers, (byte) 0);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        weights.addAll(others);
        place(weights, values, gradients);
        this.trainable = weights.stream().map(named::get).toArray(Parameter[]::new);
        place(fixed, buffers, null);
        this.drawing = seen.stream().filter(p -> p.type == DType.F32).toList();
        seen.forEach(p -> initialize(p, p.initializer, seed));
    }

    /** On a device, of values that were made on the host. */
    private void initialize(Parameter parameter, Initializer initializer, long seed) {
        MemorySegment memory = parameter.memory;
        if (Place.of(memory).isHost()) {
            initializer.fill(memory, parameter.shape, seed, drawing.indexOf(parameter));
        } else {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment first = arena.allocate(memory.byteSize(), 4 * LINE);
                initializer.fill(first, parameter.shape, seed, drawing.indexOf(parameter));
                place.copy(first, memory);
            }
        }
    }

    /**
     * Gives a parameter or buffer new first values, as torch.nn.init does; gradients stay.
     *
     * @param seed the model's gives what {@code initializer} would have given when the model was built
     * @throws IllegalArgumentException if there is none of that name
     */
    public void initialize(String name, Initializer initializer, long seed) {
        Parameter parameter = get(name);
        Place.of(parameter.memory).fill(parameter.memory, (byte) 0);
        initialize(parameter, initializer, seed);
        changed();
    }

    private long floats(List<String> paths) {
        long floats = 0;
        for (String path : paths) {
            floats += line(named.get(path));
        }
        return floats;
    }

    private static long line(Parameter parameter) {
        return (Math.ceilDiv(parameter.bytes(), 4) + LINE - 1) / LINE * LINE;
    }

    private void place(List<String> paths, MemorySegment flat, MemorySegment flatGradient) {
        long from = 0;
        for (String path : paths) {
            Parameter parameter = named.get(path);
            long bytes = parameter.bytes();
            parameter.bind(
                    this,
                    path,
                    (parameter.type == DType.I64 ? counters : flat).asSlice(4 * from, bytes),
                    flatGradient == null ? null : flatGradient.asSlice(4 * from, bytes));
            from += line(parameter);
        }
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Collects declared parameters under their names, then gives them memory. */
    public static final class Builder {
        private final Map<String, Parameter> named = new LinkedHashMap<>();

        private Builder() {}

        /**
         * Adds a parameter or buffer. The same one may be added under several names: it is stored once.
         *
         * @throws IllegalArgumentException if the name is taken or the parameter has memory already
         */
        public Builder add(String name, Parameter parameter) {
            if (parameter.bound()) {
                throw new IllegalArgumentException(
                        "parameter '" + name + "' has its memory already; a model is allocated once");
            }
            if (named.putIfAbsent(name, parameter) != null) {
                throw new IllegalArgumentException("two parameters are named '" + name + "'; rename one");
            }
            return this;
        }

        /**
         * Allocates, and fills each parameter by its initializer.
         *
         * @param name of the scope, in memory reports
         * @param seed for the initializers
         * @throws io.gatun.memory.NativeMemoryException if the budget has no room; nothing is held then
         */
        public Parameters build(NativeMemory memory, String name, long seed) {
            return new Parameters(new LinkedHashMap<>(named), memory, name, seed);
        }
    }

    /** All values, flat; {@link #count()} floats. */
    public MemorySegment values() {
        return values;
    }

    /**
     * All gradients, flat, in the layout of {@link #values()}: zero where no backward has written since the last optimizer
     * step. Ask for them again after each step: what a backward did not reach is zeroed then, and not by the step.
     */
    public MemorySegment gradients() {
        for (Parameter parameter : trainable) {
            parameter.show();
        }
        return gradients;
    }

    /**
     * As {@link #gradients}, for an optimizer, which only reads them: what is zero and was never shown to another caller
     * (a frozen backbone) is not written again.
     */
    public MemorySegment gradientsToRead() {
        for (Parameter parameter : trainable) {
            parameter.zeroIfEmpty();
        }
        return gradients;
    }

    /** Each trainable parameter once, frozen ones too, in the order of memory. */
    public List<Parameter> trainable() {
        return List.of(trainable);
    }

    /** Where in {@link #values()} a trainable parameter begins, in floats: a multiple of 16. */
    public long offset(Parameter parameter) {
        return (parameter.memory.address() - values.address()) / Float.BYTES;
    }

    /** Floats from its beginning to that of the next one, the gap between them included. */
    public long extent(Parameter parameter) {
        return line(parameter);
    }

    /**
     * All buffers (running statistics), flat; {@link #values()} does not hold them. On a device without the counters, for
     * which {@link #copyBuffersTo} is.
     */
    public MemorySegment buffers() {
        return buffers;
    }

    /** Copies all buffers, counters too, in the layout of {@link #buffers()} to memory of the host. */
    public void copyBuffersTo(MemorySegment host) {
        Places.copy(buffers, host);
        if (!place.isHost()) {
            eachCounter((counter, at) -> host.asSlice(at, counter.byteSize()).copyFrom(counter));
        }
    }

    /** Brings back what {@link #copyBuffersTo} has copied; call {@link #changed} after it. */
    public void copyBuffersFrom(MemorySegment host) {
        Places.copy(host, buffers);
        if (!place.isHost()) {
            eachCounter((counter, at) -> counter.copyFrom(host.asSlice(at, counter.byteSize())));
        }
    }

    private void eachCounter(ObjLongConsumer<MemorySegment> action) {
        for (Parameter parameter : named.values()) {
            if (parameter.type == DType.I64) {
                action.accept(parameter.memory, parameter.memory.address() - counters.address());
            }
        }
    }

    /** Where the values, the gradients and the buffers lie. */
    public Place place() {
        return place;
    }

    /**
     * For what computes in Java alone.
     *
     * @param what does, as the beginning of a sentence
     * @throws IllegalStateException if these lie on a device
     */
    public void requireHost(String what) {
        if (!place.isHost()) {
            throw new IllegalStateException(what + " works on the host alone and these parameters lie on "
                    + place.name() + "; allocate them on the host, with another backend's kernels");
        }
    }

    /** Floats in the flat buffer, alignment gaps included: what a fused optimizer runs over. */
    public long count() {
        return count;
    }

    /** How many leading floats weight decay applies to. */
    public long decayed() {
        return decayed;
    }

    /** Numbers that are trained, without gaps: the figure that papers quote. */
    public long parameterCount() {
        return named.values().stream()
                .distinct()
                .filter(Parameter::trainable)
                .mapToLong(p -> p.shape().elements())
                .sum();
    }

    /** Parameters and buffers by name, in the order they were added. */
    public Map<String, Parameter> named() {
        return Collections.unmodifiableMap(named);
    }

    /**
     * The parameter of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Parameter get(String name) {
        Parameter parameter = named.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("no parameter is named '" + name + "'; there are " + named.keySet());
        }
        return parameter;
    }

    /**
     * To be called after an optimizer step, which changes all values and has used all gradients up: the next backward
     * writes them without reading them, and what it does not reach is zeroed before anybody reads it. So the optimizer
     * need not write zeros, a fifth of what SGD with momentum and an eighth of what AdamW would move.
     */
    public void stepped() {
        gradientEpoch++;
        valueVersion++;
    }

    /** To be called after values were changed by other means (a file was loaded). */
    public void changed() {
        valueVersion++;
    }

    /** Sets all gradients to zero without a step. */
    public void zeroGradients() {
        for (Parameter parameter : trainable) {
            parameter.clearGradient();
        }
        gradientEpoch++;
    }

    /** A number that changes when a parameter begins or ceases to require a gradient. */
    public int structure() {
        return structure;
    }

    void restructured() {
        structure++;
    }

    long gradientEpoch() {
        return gradientEpoch;
    }

    int valueVersion() {
        return valueVersion;
    }

    /** Gives the memory back; using a parameter afterwards throws. */
    @Override
    public void close() {
        scope.close();
        counterScope.close();
    }
}
