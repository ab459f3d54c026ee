package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.PackedSequences;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Pieces;
import io.gatun.autograd.Sequences;
import io.gatun.autograd.Sequences.RecurrentResult;
import io.gatun.autograd.Sequences.RecurrentWeights;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Layers of a recurrent cell over sequences [t, b, inputs], as torch.nn.RNN, LSTM and GRU: PyTorch's names, shapes and first
 * values of the parameters, {@code weight_ih_l0}, {@code weight_hh_l0}, {@code bias_ih_l0}, {@code bias_hh_l0}, with
 * {@code _reverse} behind for the direction from the last step to the first; dropout between the layers.
 *
 * <p>Time is the outermost axis throughout, and there is no {@code batch_first}: a step's rows then lie together, which is
 * what the kernels read; {@code src.transpose(0, 1)} turns the other order into it, with a copy.
 *
 * @param <S> the state of one layer in one direction
 */
public abstract sealed class Recurrent<S> extends Module permits OneStateCell, Lstm {
    /**
     * What a forward gives.
     *
     * @param output hidden states of the last layer [t, b, h], with both directions [t, b, 2h], forward before reverse
     * @param states the last state of each layer and direction: layer 0 forward, layer 0 reverse, layer 1 forward, …; that
     *     of the reverse direction is the one after the first step of the sequence
     */
    public record Result<S>(Tensor output, List<S> states) {}

    private final List<RecurrentWeights> weights = new ArrayList<>();
    private final int gates;
    private final int hidden;
    private final RecurrentOptions options;
    private final Dropout dropout;

    Recurrent(int gates, int inputs, int hidden, RecurrentOptions options) {
        this.gates = gates;
        this.hidden = hidden;
        this.options = options;
        for (int layer = 0; layer < options.layers(); layer++) {
            int in = layer == 0 ? inputs : hidden * options.directions();
            for (int direction = 0; direction < options.directions(); direction++) {
                weights.add(declare("l" + layer + (direction == 0 ? "" : "_reverse"), in));
            }
        }
        this.dropout = child("dropout", new Dropout(options.dropout()));
    }

    private RecurrentWeights declare(String suffix, int in) {
        Initializer initial = Init.uniform(1 / Math.sqrt(hidden));
        Initializer recurrent = options.recurrentInit() == null ? initial : options.recurrentInit();
        Shape rows = Shape.of(gates * hidden);
        Parameter ih = parameter("weight_ih_" + suffix, Shape.of(gates * hidden, in), initial);
        Parameter hh = parameter("weight_hh_" + suffix, Shape.of(gates * hidden, hidden), recurrent);
        if (!options.bias()) {
            return new RecurrentWeights(ih, hh, null, null);
        }
        return new RecurrentWeights(
                ih,
                hh,
                parameter("bias_ih_" + suffix, rows, bias(initial, options.forgetBias())),
                parameter("bias_hh_" + suffix, rows, bias(initial, 0)));
    }

    /** First values of a bias; {@code forget} is that of forget gates, if the options name one. */
    Initializer bias(Initializer initial, float forget) {
        if (!Float.isNaN(options.forgetBias())) {
            throw new IllegalArgumentException(getClass().getSimpleName()
                    + ": it has no forget gate to begin with a bias of " + options.forgetBias() + "; leave it out");
        }
        return initial;
    }

    /** Units of a layer in one direction. */
    public int hidden() {
        return hidden;
    }

    /** How many layers there are. */
    public int layers() {
        return options.layers();
    }

    /** 2 if it reads both ways, else 1. */
    public int directions() {
        return options.directions();
    }

    RecurrentOptions options() {
        return options;
    }

    /** One layer in one direction over src [t, b, f]; {@code initial} may be null for zeros. */
    abstract RecurrentResult<S> layer(Tensor src, RecurrentWeights weights, S initial);

    /** The tensors [b, h] of a state, by name. */
    abstract List<Tensor> parts(S state);

    /** A state of such tensors. */
    abstract S state(List<Tensor> parts);

    /** What the parts are called. */
    abstract List<String> partNames();

    /** A state of the parts that {@code change} gives. */
    final S map(S state, UnaryOperator<Tensor> change) {
        return state(parts(state).stream().map(change).toList());
    }

    /** The same states without their history: what truncated back-propagation through time goes on from. */
    public final List<S> detach(List<S> states) {
        return states.stream().map(state -> map(state, Tensor::detach)).toList();
    }

    /** All hidden states of the last layer, beginning with a state of zeros. */
    @Override
    public final Tensor forward(Tensor src) {
        return forward(src, null).output();
    }

    /**
     * As {@link #forward(Tensor)}, from given states.
     *
     * @param initial one state for each layer and direction, in the order of {@link Result#states}, or null for zeros;
     *     detached states cut backward through time
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public final Result<S> forward(Tensor src, List<S> initial) {
        return layers(src, initial, (input, layer, state, reverse) -> {
            if (!reverse) {
                return layer(input, layer, state);
            }
            Tensor turned = Sequences.reverse(input);
            RecurrentResult<S> ran = layer(turned, layer, state);
            Tensor output = Sequences.reverse(ran.output());
            if (output != ran.output()) {
                turned.release();
                ran.output().release();
            }
            return new RecurrentResult<>(output, ran.last());
        });
    }

    /**
     * Sequences of several lengths, as PyTorch's packed ones: outputs behind a sequence's end are zero, its last state is that
     * after its last step, and the reverse direction begins there. What src holds behind the ends is not read.
     *
     * @param lengths of the sequences, 0 to t, in any order
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public final Result<S> forward(Tensor src, int[] lengths, List<S> initial) {
        PackedSequences packed = PackedSequences.pack(src, lengths);
        Result<S> result = layers(packed.data(), initial, (input, layer, state, reverse) -> {
            PackedSequences read = packed.with(input);
            PackedRun<S> run = new PackedRun<>(this, reverse ? read.reversed() : read, layer);
            RecurrentResult<S> ran = run.from(state);
            Tensor output = reverse ? read.with(ran.output()).reversed().data() : ran.output();
            return new RecurrentResult<>(output, ran.last());
        });
        return new Result<>(packed.with(result.output()).pad(), result.states());
    }

    /** {@link #forward(Tensor, List)}, then the hooks. */
    public final Result<S> call(Tensor src, List<S> initial) {
        return observed(src, forward(src, initial));
    }

    /** {@link #forward(Tensor, int[], List)}, then the hooks. */
    public final Result<S> call(Tensor src, int[] lengths, List<S> initial) {
        return observed(src, forward(src, lengths, initial));
    }

    private Result<S> observed(Tensor src, Result<S> result) {
        observe(src, result.output());
        return result;
    }

    /** One direction of one layer. */
    @FunctionalInterface
    private interface Direction<S> {
        RecurrentResult<S> run(Tensor src, RecurrentWeights weights, S initial, boolean reverse);
    }

    private Result<S> layers(Tensor src, List<S> initial, Direction<S> direction) {
        if (initial != null && initial.size() != weights.size()) {
            throw new IllegalArgumentException(getClass().getSimpleName() + ": " + initial.size()
                    + " initial states for " + layers() + " layers in " + directions()
                    + " directions; give one for each, layer by layer");
        }
        List<S> states = new ArrayList<>(weights.size());
        Tensor value = src;
        for (int layer = 0; layer < layers(); layer++) {
            Tensor input = layer == 0 ? value : through(dropout, value, src);
            Tensor[] outputs = new Tensor[directions()];
            for (int d = 0; d < outputs.length; d++) {
                int index = layer * outputs.length + d;
                S first = initial == null ? null : initial.get(index);
                RecurrentResult<S> ran = direction.run(input, weights.get(index), first, d == 1);
                outputs[d] = ran.output();
                states.add(ran.last());
            }
            if (input != src) {
                input.release();
            }
            value = beside(outputs);
        }
        return new Result<>(value, List.copyOf(states));
    }

    private static Tensor beside(Tensor[] outputs) {
        if (outputs.length == 1) {
            return outputs[0];
        }
        Tensor both = Pieces.concat(-1, outputs);
        outputs[0].release();
        outputs[1].release();
        return both;
    }
}
