package io.gatun.nn;

import io.gatun.autograd.Parameter;
import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.Safetensors;
import io.gatun.nn.io.SafetensorsFile;
import io.gatun.nn.io.TensorInfo;
import io.gatun.nn.io.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Weights by name, from and to safetensors files in PyTorch's names and layouts: what {@code
 * torch.nn.Module.load_state_dict} takes and {@code state_dict} gives. Filters are [o, i, kh, kw] in the file and [o, kh,
 * kw, i] in memory; the columns of a {@link Linear#afterFlatten} are c, h, w there and h, w, c here. Numbers of 16 and 64
 * bits become float32. Of a trainer's checkpoint ({@link CheckpointFile}), which is in the layouts of memory, the model's part is
 * loaded.
 *
 * <p>Loading is strict: every parameter must be in the file and every tensor of the file in the model, but for those that
 * {@link #skip} names; {@link #lenient} only reports them. All is checked before anything changes. Not thread-safe.
 */
public final class StateDict {
    /** As many as a message lists; {@link #lenient} reports all. */
    private static final int NAMES = 8;

    private final Path file;
    private UnaryOperator<String> rename = UnaryOperator.identity();
    private Predicate<String> skip = _ -> false;
    private boolean lenient;

    /**
     * What happened to the names.
     *
     * @param loaded the model's names that were filled
     * @param missing of the model, not in the file: unchanged
     * @param unexpected of the file, not in the model
     */
    public record Report(List<String> loaded, List<String> missing, List<String> unexpected) {}

    private StateDict(Path file) {
        this.file = file;
    }

    /** A file to load. */
    public static StateDict of(Path file) {
        return new StateDict(file);
    }

    /** Maps the file's names to the model's: {@code name -> name.replaceFirst("^module\\.", "")}. */
    public StateDict rename(UnaryOperator<String> fileToModel) {
        rename = fileToModel;
        return this;
    }

    /** Leaves those of the model's parameters alone, and their namesakes in the file: a head of other classes. */
    public StateDict skip(Predicate<String> modelName) {
        skip = modelName;
        return this;
    }

    /** Takes what fits by name, and reports the rest. A shape that differs is still an error. */
    public StateDict lenient() {
        lenient = true;
        return this;
    }

    /**
     * Fills the model's parameters and buffers.
     *
     * @param model allocated
     * @throws IllegalArgumentException if names are missing or left over, or a shape differs; nothing has changed then
     * @throws IllegalStateException if the model's batch norms were folded
     * @throws io.gatun.nn.io.FormatException if the file is damaged
     */
    public Report load(Module model) throws IOException {
        model.refuseFolded("loaded");
        Report report = fill(model.getClass().getSimpleName(), model.stateDict(), model.layouts());
        model.parameters().changed();
        return report;
    }

    /** Fills those parameters, whatever their model has become. */
    Report fill(String model, Map<String, Parameter> parameters, Map<String, FileLayout> layouts) throws IOException {
        Map<String, Parameter> wanted = new LinkedHashMap<>(parameters);
        wanted.keySet().removeIf(skip);
        try (SafetensorsFile open = Safetensors.open(file)) {
            boolean checkpoint = CheckpointFile.wrote(open);
            Map<String, FileLayout> turned = checkpoint ? Map.of() : layouts;
            Map<String, TensorInfo> found = new LinkedHashMap<>();
            for (TensorInfo tensor : open.tensors()) {
                String name = rename.apply(tensor.name());
                if (!skip.test(name) && found.put(name, tensor) != null) {
                    throw new IllegalArgumentException(
                            file + ": two tensors are renamed to '" + name + "'; give each a name of its own");
                }
            }
            List<String> missing = without(wanted.keySet(), found.keySet());
            List<String> unexpected = without(found.keySet(), wanted.keySet());
            // A checkpoint also has the state of the optimizer, the data and the callbacks.
            if (!lenient && !(missing.isEmpty() && (checkpoint || unexpected.isEmpty()))) {
                throw new IllegalArgumentException(
                        file + " does not fit " + model + ": missing " + brief(missing) + ", unexpected "
                                + brief(unexpected)
                                + "; rename() maps names, skip() leaves some out, lenient() takes what fits");
            }
            wanted.keySet().retainAll(found.keySet());
            wanted.forEach((name, parameter) -> check(name, parameter, turned.get(name), found.get(name)));
            for (Map.Entry<String, Parameter> entry : wanted.entrySet()) {
                read(open, found.get(entry.getKey()), entry.getValue(), turned.get(entry.getKey()));
            }
            return new Report(List.copyOf(wanted.keySet()), missing, unexpected);
        }
    }

    /** The first names: those of a wholly different net would fill a screen. */
    private static String brief(List<String> names) {
        return names.size() <= NAMES
                ? names.toString()
                : names.subList(0, NAMES) + " and " + (names.size() - NAMES) + " more";
    }

    private static List<String> without(Iterable<String> names, java.util.Set<String> others) {
        List<String> left = new ArrayList<>();
        names.forEach(name -> {
            if (!others.contains(name)) {
                left.add(name);
            }
        });
        return left;
    }

    private void check(String name, Parameter parameter, FileLayout layout, TensorInfo tensor) {
        Shape shape = layout == null ? parameter.shape() : layout.shape();
        boolean fits = Arrays.equals(tensor.shape(), longs(shape)) && Numbers.converts(tensor.type(), parameter.type());
        if (!fits) {
            throw new IllegalArgumentException(file + ": " + tensor + " does not fit " + name + " "
                    + parameter.type() + Arrays.toString(shape.dims())
                    + "; skip() leaves a part out, such as a head for other classes");
        }
    }

    private static long[] longs(Shape shape) {
        return Arrays.stream(shape.dims()).asLongStream().toArray();
    }

    private static void read(SafetensorsFile open, TensorInfo tensor, Parameter parameter, FileLayout layout)
            throws IOException {
        if (layout == null && tensor.type() == Numbers.type(parameter.type())) {
            open.read(tensor.name(), parameter.memory());
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment raw = arena.allocate(tensor.byteSize(), 8);
            open.read(tensor.name(), raw);
            MemorySegment numbers = raw;
            if (tensor.type() != Numbers.type(parameter.type())) {
                numbers = arena.allocate(parameter.memory().byteSize(), 8);
                Numbers.convert(tensor.type(), raw, parameter.type(), numbers);
            }
            MemorySegment own = parameter.memory();
            boolean host = Place.of(own).isHost();
            if (layout != null) {
                MemorySegment turned = host ? own : arena.allocate(own.byteSize(), 8);
                layout.read(numbers, turned);
                numbers = turned;
            }
            if (numbers != own) {
                Places.copy(numbers, own);
            }
        }
    }

    /**
     * Writes all parameters and buffers of the model, which {@code load_state_dict(safetensors.torch.load_file(file))}
     * takes. A parameter of two names is written under both.
     *
     * @throws IllegalStateException if the model's batch norms were folded
     */
    public static void save(Module model, Path file) throws IOException {
        model.refuseFolded("saved");
        write(model.stateDict(), model.layouts(), Map.of("format", "pt"), file);
    }

    /** Writes those parameters, whatever their model has become. */
    static void write(
            Map<String, Parameter> parameters, Map<String, FileLayout> layouts, Map<String, String> metadata, Path file)
            throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            parameters.forEach((name, parameter) -> {
                FileLayout layout = layouts.get(name);
                TensorType type = Numbers.type(parameter.type());
                MemorySegment data = Places.onHost(parameter.memory(), arena);
                if (layout != null) {
                    MemorySegment turned = arena.allocate(data.byteSize(), 8);
                    layout.write(data, turned);
                    data = turned;
                }
                Shape shape = layout == null ? parameter.shape() : layout.shape();
                tensors.add(new NamedTensor(name, type, longs(shape), data));
            });
            Safetensors.write(file, tensors, metadata);
        }
    }

    /** Numbers of other widths. */
    private static final class Numbers {
        private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
        private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
        private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED;

        private Numbers() {}

        /** What files call our types. */
        static TensorType type(DType type) {
            return type == DType.S8 ? TensorType.I8 : TensorType.valueOf(type.name());
        }

        static boolean converts(TensorType from, DType to) {
            return from == type(to)
                    || to == DType.F32 && (from == TensorType.F16 || from == TensorType.BF16 || from == TensorType.F64)
                    || to == DType.I64 && from == TensorType.I32;
        }

        static void convert(TensorType from, MemorySegment src, DType to, MemorySegment dst) {
            long count = src.byteSize() / from.bytes();
            for (long i = 0; i < count; i++) {
                if (to == DType.I64) {
                    dst.setAtIndex(ValueLayout.JAVA_LONG, i, src.getAtIndex(I32, i));
                } else {
                    dst.setAtIndex(ValueLayout.JAVA_FLOAT, i, real(from, src, i));
                }
            }
        }

        private static float real(TensorType from, MemorySegment src, long i) {
            return switch (from) {
                case F16 -> Float.float16ToFloat(src.getAtIndex(I16, i));
                case BF16 -> Float.intBitsToFloat(src.getAtIndex(I16, i) << 16);
                case F64 -> (float) src.getAtIndex(F64, i);
                default -> throw new AssertionError(from);
            };
        }
    }
}
