package io.gatun.nn.compress;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import io.gatun.nn.optim.Companion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Sets the weights of smallest magnitude to 0 and keeps them there, as torch.nn.utils.prune.l1_unstructured and
 * global_unstructured: a mask of one byte a weight, applied again after each step of the optimizer it is attached to ({@link
 * io.gatun.nn.optim.Optimizer#attach}), and saved in its checkpoints.
 *
 * <p>An amount is the share of all the weights, not of those that are left as where PyTorch prunes again; what is pruned
 * stays so. One thread at a time. Close it before the parameters.
 */
public final class Pruning implements Companion, AutoCloseable {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;
    private static final ValueLayout.OfInt BITS = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;

    private final Parameters parameters;
    private final ParameterScope scope;
    private final Layer[] layers;
    private PruningSchedule schedule;
    private boolean global;

    /** A parameter and its mask: 1 where a weight stays. */
    private record Layer(Parameter weights, MemorySegment mask, int count) {}

    /**
     * How much of a parameter is pruned.
     *
     * @param name of the parameter
     * @param pruned how many of its weights are 0 by the mask
     * @param count how many it has
     */
    public record Sparsity(String name, long pruned, long count) {
        public double share() {
            return (double) pruned / count;
        }
    }

    /** Of all parameters that have more than one axis: not of biases and norms. Nothing is pruned yet. */
    public Pruning(NativeMemory memory, Parameters parameters) {
        this(memory, parameters, _ -> true);
    }

    /**
     * Of those of them whose names are chosen ({@code name -> !name.startsWith("fc.")}).
     *
     * @throws IllegalArgumentException if none is
     */
    public Pruning(NativeMemory memory, Parameters parameters, Predicate<String> names) {
        parameters.requireHost("pruning");
        this.parameters = parameters;
        List<Parameter> chosen = parameters.trainable().stream()
                .filter(p -> p.shape().rank() > 1 && names.test(p.label()))
                .toList();
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException("pruning: no parameter with more than one axis is chosen of "
                    + parameters.named().keySet() + "; choose weights");
        }
        long count = chosen.stream().mapToLong(p -> p.shape().elements()).sum();
        scope = memory.parameters("pruning");
        MemorySegment masks = scope.allocate(count, "pruning masks");
        masks.fill((byte) 1);
        layers = new Layer[chosen.size()];
        long at = 0;
        for (int i = 0; i < layers.length; i++) {
            long size = chosen.get(i).shape().elements();
            layers[i] = new Layer(chosen.get(i), masks.asSlice(at, size), Math.toIntExact(size));
            at += size;
        }
    }

    static void requireShare(double amount) {
        if (!(amount >= 0 && amount <= 1)) {
            throw new IllegalArgumentException(
                    "pruning: the share " + amount + " of weights to be 0 is not within 0 and 1");
        }
    }

    /**
     * Prunes each parameter to that share of its own weights, rounded to the even neighbour as in Python; of equal
     * magnitudes the first ones go. Sorts them all: seconds for tens of millions.
     */
    public void perLayer(double amount) {
        requireShare(amount);
        for (Layer layer : layers) {
            prune(List.of(layer), amount);
        }
        apply();
    }

    /** Prunes all parameters together, so that those with small weights lose most; as {@link #perLayer} otherwise. */
    public void global(double amount) {
        requireShare(amount);
        prune(List.of(layers), amount);
        apply();
    }

    /** Prunes more and more while the optimizer steps, each parameter to the schedule's share. */
    public Pruning perLayer(PruningSchedule amounts) {
        return scheduled(amounts, false);
    }

    /** Prunes more and more while the optimizer steps, all parameters together. */
    public Pruning global(PruningSchedule amounts) {
        return scheduled(amounts, true);
    }

    private Pruning scheduled(PruningSchedule amounts, boolean together) {
        schedule = amounts;
        global = together;
        return this;
    }

    @Override
    public void stepped(long steps) {
        if (schedule == null || !schedule.due(steps)) {
            apply();
        } else if (global) {
            global(schedule.amount(steps));
        } else {
            perLayer(schedule.amount(steps));
        }
    }

    private static void prune(List<Layer> layers, double amount) {
        int count = layers.stream().mapToInt(Layer::count).reduce(0, Math::addExact);
        float[] magnitudes = new float[count];
        int at = 0;
        for (Layer layer : layers) {
            for (int i = 0; i < layer.count; i++) {
                float weight = layer.weights.data().getAtIndex(F32, i);
                // What is pruned already comes before all else, weights that happen to be 0 too.
                magnitudes[at++] = layer.mask.get(U8, i) == 0 ? -1 : Math.abs(weight);
            }
        }
        int target = (int) Math.rint(amount * count);
        if (target == 0) {
            return;
        }
        float[] sorted = magnitudes.clone();
        Arrays.sort(sorted);
        float limit = sorted[target - 1];
        if (Float.isNaN(limit)) {
            throw new IllegalStateException(
                    "pruning: weights are NaN, which have no magnitude; go back to a checkpoint");
        }
        int first = Arrays.binarySearch(sorted, limit);
        while (first > 0 && sorted[first - 1] == limit) {
            first--;
        }
        int equal = target - first;
        at = 0;
        for (Layer layer : layers) {
            for (int i = 0; i < layer.count; i++, at++) {
                if (magnitudes[at] < limit || magnitudes[at] == limit && equal-- > 0) {
                    layer.mask.set(U8, i, (byte) 0);
                }
            }
        }
    }

    /** Sets to 0 what is pruned; done after each step of the optimizer this is attached to. Allocates nothing. */
    public void apply() {
        for (Layer layer : layers) {
            MemorySegment weights = layer.weights.data();
            MemorySegment mask = layer.mask;
            int count = layer.count;
            for (int i = 0; i < count; i++) {
                // -1 keeps all bits, 0 none: a branch would be guessed wrong for every other weight.
                int kept = -mask.get(U8, i);
                weights.set(BITS, i * 4L, weights.get(BITS, i * 4L) & kept);
            }
        }
        parameters.changed();
    }

    /** How much of each parameter is pruned, in the order of memory. */
    public List<Sparsity> report() {
        List<Sparsity> report = new ArrayList<>();
        for (Layer layer : layers) {
            long pruned = 0;
            for (int i = 0; i < layer.count; i++) {
                pruned += 1 - layer.mask.get(U8, i);
            }
            report.add(new Sparsity(layer.weights.label(), pruned, layer.count));
        }
        return report;
    }

    /** The share of all weights that are pruned. */
    public double sparsity() {
        List<Sparsity> report = report();
        double count = report.stream().mapToLong(Sparsity::count).sum();
        return report.stream().mapToLong(Sparsity::pruned).sum() / count;
    }

    /** The masks, named {@code pruning.mask.PARAMETER}: bytes, 1 where a weight stays. */
    @Override
    public List<NamedTensor> save() {
        List<NamedTensor> tensors = new ArrayList<>();
        for (Layer layer : layers) {
            long[] shape =
                    Arrays.stream(layer.weights.shape().dims()).asLongStream().toArray();
            tensors.add(new NamedTensor("pruning.mask." + layer.weights.label(), TensorType.U8, shape, layer.mask));
        }
        return tensors;
    }

    @Override
    public void load(Function<String, NamedTensor> find) {
        for (NamedTensor own : save()) {
            NamedTensor saved = find.apply(own.name());
            if (saved.type() != own.type() || !Arrays.equals(saved.shape(), own.shape())) {
                throw new IllegalArgumentException(
                        saved + " does not fit " + own + "; load what the pruning of the same parameters saved");
            }
            for (long i = 0; i < own.data().byteSize(); i++) {
                own.data().set(U8, i, (byte) (saved.data().get(U8, i) == 0 ? 0 : 1));
            }
        }
        apply();
    }

    @Override
    public void close() {
        scope.close();
    }
}
