package io.gatun.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.Module;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;

/**
 * A layer against one case of a golden file: src, grad, dst, diff_src, and for each parameter its value and {@code diff_…}.
 * What a script computes in double a float kernel must give within 3e-6 of the largest number of the tensor.
 */
public final class GoldenLayer implements AutoCloseable {
    private static final double SHARE = 3e-6;

    private final GoldenFile file;
    private final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 26), true);
    private final Kernels kernels = Kernels.open("simd", 2);
    private final Tape tape = new Tape(kernels, memory, 0, 3);

    public GoldenLayer(GoldenFile file) {
        this.file = file;
    }

    /** Forward and gradients of one batch. */
    public void check(String name, Module layer) {
        try (Parameters _ = layer.allocate(memory, 1)) {
            load(name, layer);
            Shape shape = file.shape(name + "/src");
            run(name, layer, shape, file.floats(name + "/src"), "dst", "diff_src");
            gradients(name, layer);
        }
    }

    /**
     * Forward of several steps, whose batches lie along a first axis of src, the gradients of the last, all buffers after
     * them, and then inference on the first batch with its gradient.
     */
    public void checkSteps(String name, Module layer) {
        try (Parameters _ = layer.allocate(memory, 1)) {
            load(name, layer);
            int[] all = file.shape(name + "/src").dims();
            Shape shape = Shape.of(Arrays.copyOfRange(all, 1, all.length));
            int size = Math.toIntExact(shape.elements());
            float[] src = file.floats(name + "/src");
            for (int step = 0; step < all[0]; step++) {
                float[] batch = Arrays.copyOfRange(src, step * size, (step + 1) * size);
                if (step < all[0] - 1) {
                    tape.reset();
                    layer.call(tape.tensor(shape, batch));
                } else {
                    run(name, layer, shape, batch, "dst", "diff_src");
                }
            }
            gradients(name, layer);
            layer.stateDict().forEach((key, tensor) -> {
                if (file.has(name + "/after_" + key)) {
                    buffer(name + "/after_" + key, tensor);
                }
            });
            layer.eval();
            run(name, layer, shape, Arrays.copyOf(src, size), "eval", "diff_eval");
        }
    }

    private void load(String name, Module layer) {
        for (Map.Entry<String, Parameter> entry : layer.stateDict().entrySet()) {
            String key = name + "/" + entry.getKey();
            if (entry.getValue().trainable()) {
                assertThat(file.shape(key)).as(key).isEqualTo(entry.getValue().shape());
                entry.getValue().copyFrom(file.floats(key));
            }
        }
        long there = file.names().stream()
                .filter(n -> n.startsWith(name + "/diff_") && !n.endsWith("/diff_src") && !n.endsWith("/diff_eval"))
                .count();
        assertThat(layer.stateDict().values().stream()
                        .filter(Parameter::trainable)
                        .count())
                .as("parameters of %s", name)
                .isEqualTo(there);
    }

    private void run(String name, Module layer, Shape shape, float[] values, String result, String gradient) {
        tape.reset();
        Tensor src = tape.tensor(shape, values).requiresGrad(true);
        Tensor dst = layer.call(src);
        assertThat(dst.shape()).as(name).isEqualTo(file.shape(name + "/" + result));
        Tensor grad = tape.tensor(dst.shape(), file.floats(name + "/grad"));
        if (layer.training()) {
            layer.parameters().zeroGradients();
        }
        dst.mul(grad).sum().backward();
        close(name + "/" + result, dst.toArray());
        close(name + "/" + gradient, floats(src.grad()));
    }

    private void gradients(String name, Module layer) {
        layer.stateDict().forEach((key, tensor) -> {
            if (tensor.trainable()) {
                close(name + "/diff_" + key, floats(tensor.grad()));
            }
        });
    }

    private void buffer(String key, Parameter tensor) {
        if (tensor.shape().rank() == 0) {
            assertThat(tensor.data().get(ValueLayout.JAVA_LONG, 0)).as(key).isEqualTo(file.integers(key)[0]);
        } else {
            close(key, tensor.toArray());
        }
    }

    private static float[] floats(MemorySegment memory) {
        return memory.toArray(ValueLayout.JAVA_FLOAT);
    }

    private void close(String key, float[] actual) {
        float[] wanted = file.floats(key);
        assertThat(actual).as(key).hasSameSizeAs(wanted);
        double largest = 0;
        for (float value : wanted) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < wanted.length; i++) {
            assertThat(Math.abs(actual[i] - wanted[i]))
                    .as("%s[%d] = %s, must be %s", key, i, actual[i], wanted[i])
                    .isLessThanOrEqualTo((float) (SHARE * largest));
        }
    }

    @Override
    public void close() {
        tape.close();
        kernels.close();
        file.close();
        assertThat(memory.leaks()).isEmpty();
    }
}
