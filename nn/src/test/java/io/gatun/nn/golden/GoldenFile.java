package io.gatun.nn.golden;

import io.gatun.kernel.Shape;
import io.gatun.nn.io.Safetensors;
import io.gatun.nn.io.SafetensorsFile;
import io.gatun.nn.io.TensorInfo;
import io.gatun.nn.io.TensorType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Numbers that a committed Python script wrote with {@code safetensors.torch.save_file} beside a test's resources:
 * float32 or int32 tensors by name, in our layouts.
 */
public final class GoldenFile implements AutoCloseable {
    private final SafetensorsFile file;

    private GoldenFile(SafetensorsFile file) {
        this.file = file;
    }

    /** The resource {@code name} in the package of {@code test}. */
    public static GoldenFile of(Class<?> test, String name) {
        try {
            var resource = Objects.requireNonNull(test.getResource(name), name + " is no resource of " + test);
            return new GoldenFile(Safetensors.open(Path.of(resource.toURI())));
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException(name, e);
        }
    }

    /** All tensors' names, sorted. */
    public List<String> names() {
        return file.tensors().stream().map(TensorInfo::name).sorted().toList();
    }

    /** What stands before the first slash of the names, sorted: the cases, where names are {@code case/tensor}. */
    public List<String> cases() {
        return names().stream().map(name -> name.split("/")[0]).distinct().toList();
    }

    public boolean has(String name) {
        return names().contains(name);
    }

    public Shape shape(String name) {
        long[] dims = file.tensor(name).shape();
        return Shape.of(Arrays.stream(dims).mapToInt(Math::toIntExact).toArray());
    }

    public float[] floats(String name) {
        return bytes(name, TensorType.F32).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    public int[] integers(String name) {
        return bytes(name, TensorType.I32).toArray(ValueLayout.JAVA_INT_UNALIGNED);
    }

    /** The one number of a tensor with one element. */
    public float number(String name) {
        float[] values = floats(name);
        if (values.length != 1) {
            throw new IllegalArgumentException(name + " has " + values.length + " numbers, not one");
        }
        return values[0];
    }

    private MemorySegment bytes(String name, TensorType type) {
        TensorInfo info = file.tensor(name);
        if (info.type() != type) {
            throw new IllegalArgumentException(info + " is no " + type);
        }
        MemorySegment target = MemorySegment.ofArray(new byte[Math.toIntExact(info.byteSize())]);
        try {
            file.read(name, target);
        } catch (IOException e) {
            throw new IllegalStateException(name, e);
        }
        return target;
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
