package io.gatun.nn;

import io.gatun.kernel.DType;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.io.Safetensors;
import io.gatun.nn.io.SafetensorsFile;
import io.gatun.nn.io.TensorInfo;
import io.gatun.nn.io.TensorType;
import io.gatun.nn.quantize.Affine;
import io.gatun.nn.quantize.MinMaxObserver;
import io.gatun.nn.quantize.Observer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Post-training quantisation of {@link Linear} and {@link Conv2d} for inference: weights become signed bytes with a scale for
 * each output channel, and what goes into a layer unsigned bytes whose range some batches have shown (torch.ao.quantization
 * calls it static quantisation). Sums are exact; what the layers hand to each other stays float32.
 *
 * <p>{@code new Quantization(model).calibrate(batches).convert(memory)}: fold batch norms first ({@link Folding}), so that
 * their factors are in the weights that become bytes.
 *
 * <p>A layer takes part if it is called as its owner calls it ({@link Module#call}) in calibration. For one thread, before
 * others use the model.
 */
public final class Quantization {
    private final Module model;
    private final Map<String, Module> layers;
    private final Map<String, Observer> observers = new LinkedHashMap<>();
    private Predicate<String> skip = _ -> false;
    private Supplier<Observer> observer = MinMaxObserver::new;

    /**
     * Of a model in inference whose batch norms, if it has some behind its convolutions, were folded.
     *
     * @throws IllegalStateException if the model is in training or was quantised before
     */
    public Quantization(Module model) {
        this.model = model;
        this.layers = layers(model);
        if (model.training()) {
            throw new IllegalStateException(model.getClass().getSimpleName()
                    + " is in training, and quantising is for inference; call eval on it first");
        }
        layers.forEach((path, layer) -> {
            if (layer.replaced()) {
                throw new IllegalStateException("layer '" + path + "' is quantised already; close its QuantizedLayers"
                        + " before quantising again");
            }
        });
    }

    /** Each Linear and Conv2d under its first path. */
    private static Map<String, Module> layers(Module model) {
        Map<String, Module> found = new LinkedHashMap<>();
        model.modules().forEach((path, module) -> {
            if ((module instanceof Linear || module instanceof Conv2d) && !found.containsValue(module)) {
                found.put(path, module);
            }
        });
        return found;
    }

    /** Leaves those layers as they are: often the first and the last, which have few weights and lose most. */
    public Quantization skip(Predicate<String> names) {
        skip = names;
        return this;
    }

    /** Chooses ranges otherwise than from the least to the largest number, before {@link #calibrate}. */
    public Quantization observer(Supplier<Observer> each) {
        observer = each;
        return this;
    }

    /**
     * Watches the layers' inputs while {@code batches} runs the model, which a few hundred typical inputs should go through;
     * called again, it adds to what was seen.
     *
     * @throws IllegalArgumentException if a layer's input is not finite
     */
    public Quantization calibrate(Runnable batches) {
        model.parameters().requireHost("quantising");
        List<Module.Registration> hooks = new ArrayList<>();
        try {
            layers.forEach((path, layer) -> {
                if (!skip.test(path)) {
                    hooks.add(layer.onForward((_, src, _) -> observers
                            .computeIfAbsent(path, _ -> observer.get())
                            .observe(src.to(DType.F32).data())));
                }
            });
            batches.run();
        } finally {
            hooks.forEach(Module.Registration::close);
        }
        return this;
    }

    /**
     * Replaces the layers that calibration has reached; the model computes with bytes until the result is closed, is
     * neither trained nor saved by {@link StateDict}, and captured steps are built again.
     *
     * @throws IllegalStateException if no layer was reached, or weights are not finite; nothing has changed then
     * @throws io.gatun.memory.NativeMemoryException if the budget has no room
     */
    public QuantizedLayers convert(NativeMemory memory) {
        if (observers.isEmpty()) {
            throw new IllegalStateException("calibration has reached none of the layers " + layers.keySet()
                    + "; run the model on some batches in calibrate, and skip not all");
        }
        Map<String, Module> chosen = new LinkedHashMap<>(layers);
        chosen.keySet().retainAll(observers.keySet());
        QuantizedLayers made = new QuantizedLayers(model, chosen, memory);
        try {
            chosen.forEach((path, layer) -> fill(path, layer, made.layer(path)));
        } catch (RuntimeException e) {
            made.close();
            throw e;
        }
        made.replace();
        return made;
    }

    private void fill(String path, Module layer, QuantizedLayer quantized) {
        Affine input = observers.get(path).affine();
        switch (layer) {
            case Linear linear -> quantized.fill(path, linear.weight().toArray(), linear.bias(), input);
            case Conv2d conv -> quantized.fill(path, conv.weight().toArray(), conv.addedBias(), input);
            default -> throw new AssertionError(layer);
        }
    }

    /**
     * Makes a net of the same structure, allocated, the one that {@link QuantizedLayers#save} has written: folds its batch
     * norms if those were folded, fills what stays float32, and replaces the layers that the file holds as bytes.
     *
     * @throws IllegalArgumentException if names or shapes do not fit
     * @throws IllegalStateException if the model is in training
     * @throws io.gatun.nn.io.FormatException if the file is damaged
     */
    public static QuantizedLayers load(Module model, Path file, NativeMemory memory) throws IOException {
        Quantization quantization = new Quantization(model);
        Map<String, Module> chosen = new LinkedHashMap<>();
        try (SafetensorsFile open = Safetensors.open(file)) {
            for (TensorInfo tensor : open.tensors()) {
                String name = tensor.name();
                if (tensor.type() == TensorType.I8 && name.endsWith(".weight")) {
                    String path = name.substring(0, name.length() - ".weight".length());
                    Module layer = quantization.layers.get(path);
                    if (layer == null) {
                        throw new IllegalArgumentException(file + " holds layer '" + path + "' as bytes, which the"
                                + " model does not have among " + quantization.layers.keySet());
                    }
                    chosen.put(path, layer);
                }
            }
            if (chosen.isEmpty()) {
                throw new IllegalArgumentException(
                        file + " holds no layer as bytes; load it with StateDict, or save a quantised net");
            }
            if (Boolean.parseBoolean(open.metadata().get(QuantizedLayers.FOLDED))) {
                Folding.batchNorms(model);
            }
        }
        QuantizedLayers made = new QuantizedLayers(model, chosen, memory);
        try {
            StateDict.of(file).fill(model.getClass().getSimpleName(), made.tensors(), made.layouts());
        } catch (IOException | RuntimeException e) {
            made.close();
            throw e;
        }
        model.parameters().changed();
        made.replace();
        return made;
    }
}
