package io.gatun.nn.optim;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Buffers of the parameters' layout, saved under their parameters' names: {@code PREFIX.STATE.PARAMETER}. */
final class FlatStates {
    private final String prefix;
    private final Parameters parameters;
    private final ParameterScope scope;
    private final Map<String, MemorySegment> flat = new LinkedHashMap<>();

    FlatStates(String prefix, Parameters parameters, ParameterScope scope) {
        this.prefix = prefix;
        this.parameters = parameters;
        this.scope = scope;
    }

    /** The buffer of that name, which is zero when it is first asked for. */
    MemorySegment get(String state) {
        MemorySegment known = flat.get(state);
        if (known == null) {
            known = scope.allocate(4 * parameters.count(), prefix + "." + state);
            // Debug mode fills fresh memory with NaN.
            Place.of(known).fill(known, (byte) 0);
            flat.put(state, known);
        }
        return known;
    }

    /** The part of a parameter. */
    MemorySegment get(String state, Parameter parameter) {
        return get(state)
                .asSlice(4 * parameters.offset(parameter), 4 * parameter.shape().elements());
    }

    List<NamedTensor> save() {
        List<NamedTensor> tensors = new ArrayList<>();
        flat.keySet().forEach(state -> parameters.trainable().forEach(parameter -> {
            long[] shape =
                    Arrays.stream(parameter.shape().dims()).asLongStream().toArray();
            String name = prefix + "." + state + "." + parameter.label();
            tensors.add(new NamedTensor(name, TensorType.F32, shape, get(state, parameter)));
        }));
        return tensors;
    }

    void load(Function<String, NamedTensor> find) {
        // Between the parameters too: steps on numbers that were not finite leave NaN there.
        flat.values().forEach(state -> Place.of(state).fill(state, (byte) 0));
        save().forEach(own -> restore(own, find));
    }

    /** Fills a tensor of the current state from the one that was saved under its name. */
    static void restore(NamedTensor own, Function<String, NamedTensor> find) {
        NamedTensor saved = find.apply(own.name());
        if (saved.type() != own.type() || !Arrays.equals(saved.shape(), own.shape())) {
            throw new IllegalArgumentException(saved + " does not fit " + own
                    + " of this optimizer; load what the same optimizer with the same model saved");
        }
        Places.copy(saved.data(), own.data());
    }
}
