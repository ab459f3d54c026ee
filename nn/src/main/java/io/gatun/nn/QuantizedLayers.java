package io.gatun.nn;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tensor;
import io.gatun.memory.NativeMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The layers of a model that compute with bytes. Closing it gives their memory back and the model its float32 layers, which
 * it keeps all the while: bytes make files and memory traffic smaller, and not the process.
 */
public final class QuantizedLayers implements AutoCloseable {
    /** In a file's metadata: whether batch norms were folded. */
    static final String FOLDED = "gatun.folded";

    private final Module model;
    private final Map<String, Module> floats;
    private final Map<String, QuantizedLayer> layers = new LinkedHashMap<>();
    private final Container container = new Container();
    private final Parameters parameters;

    /** Gives the layers names and one memory. */
    private static final class Container extends Module {
        @Override
        public Tensor forward(Tensor src) {
            throw new UnsupportedOperationException("quantised layers run in their model; call that");
        }

        QuantizedLayer add(String path, QuantizedLayer layer) {
            return child(path, layer);
        }
    }

    /**
     * What a layer has lost.
     *
     * @param name of the layer
     * @param bytesBefore of its weights and bias in float32
     * @param bytesAfter with scales and zero point
     * @param decibels 10 log10 of Σ y² / Σ (y - y')², y the layer's float32 results and y' those of its bytes on the same
     *     input; infinite if all are equal
     * @param maxError the largest |y - y'|
     */
    public record Loss(String name, long bytesBefore, long bytesAfter, double decibels, double maxError) {}

    QuantizedLayers(Module model, Map<String, Module> floats, NativeMemory memory) {
        model.parameters().requireHost("quantising");
        this.model = model;
        this.floats = floats;
        floats.forEach((path, layer) -> layers.put(
                path,
                container.add(
                        path,
                        layer instanceof Conv2d conv
                                ? new QuantizedConv2d(conv)
                                : new QuantizedLinear((Linear) layer))));
        this.parameters = container.allocate(memory, 0);
        container.eval();
    }

    /** The layer of that name; null if it is not quantised. */
    public QuantizedLayer layer(String name) {
        return layers.get(name);
    }

    /** Their names. */
    public List<String> names() {
        return List.copyOf(layers.keySet());
    }

    void replace() {
        floats.forEach((path, layer) -> layer.replace(layers.get(path)));
    }

    /** All of the model's tensors, those of quantised layers as bytes. */
    Map<String, Parameter> tensors() {
        Map<String, Parameter> all = new LinkedHashMap<>(model.stateDict());
        layers.keySet().forEach(path -> {
            all.remove(path + ".weight");
            all.remove(path + ".bias");
        });
        all.putAll(container.stateDict());
        return all;
    }

    Map<String, FileLayout> layouts() {
        Map<String, FileLayout> all = new LinkedHashMap<>(model.layouts());
        all.putAll(container.layouts());
        return all;
    }

    /**
     * Writes the whole model, a quarter of its size: PyTorch reads the weights as int8 tensors in its layouts, with {@code
     * weight_scale}, {@code input_scale} and {@code input_zero_point} beside them. {@link Quantization#load} reads it.
     */
    public void save(Path file) throws IOException {
        boolean folded = model.modules().values().stream().anyMatch(Module::folded);
        Map<String, String> metadata = Map.of("format", "pt", FOLDED, Boolean.toString(folded));
        StateDict.write(tensors(), layouts(), metadata, file);
    }

    /**
     * Runs {@code batches} and compares, layer by layer, what comes out with what the float32 layer gives for the same
     * input.
     *
     * @return in the model's order; layers that were not reached are left out
     */
    public List<Loss> compare(Runnable batches) {
        Map<String, Errors> errors = new LinkedHashMap<>();
        List<Module.Registration> hooks = new ArrayList<>();
        try {
            floats.forEach((path, layer) -> hooks.add(layer.onForward((_, src, dst) -> {
                Tensor wanted = layer.forward(src);
                errors.computeIfAbsent(path, _ -> new Errors()).add(wanted.toArray(), dst.toArray());
                wanted.release();
            })));
            batches.run();
        } finally {
            hooks.forEach(Module.Registration::close);
        }
        List<Loss> losses = new ArrayList<>();
        layers.forEach((path, layer) -> {
            Errors of = errors.get(path);
            if (of != null) {
                long before = layer.stateDict().entrySet().stream()
                        .filter(e -> e.getKey().equals("weight") || e.getKey().equals("bias"))
                        .mapToLong(e -> Float.BYTES * e.getValue().shape().elements())
                        .sum();
                double decibels = 10 * Math.log10(of.signal / of.noise);
                losses.add(new Loss(path, before, layer.bytes(), decibels, of.largest));
            }
        });
        return losses;
    }

    /** Sums over all batches. */
    private static final class Errors {
        private double signal;
        private double noise;
        private double largest;

        void add(float[] wanted, float[] actual) {
            for (int i = 0; i < wanted.length; i++) {
                double error = (double) wanted[i] - actual[i];
                signal += (double) wanted[i] * wanted[i];
                noise += error * error;
                largest = Math.max(largest, Math.abs(error));
            }
        }
    }

    /** Back to float32. No other thread may be using the model. Closing twice does nothing. */
    @Override
    public void close() {
        floats.forEach((path, layer) -> {
            if (layer.runs(layers.get(path))) {
                layer.replace(null);
            }
        });
        parameters.close();
    }
}
