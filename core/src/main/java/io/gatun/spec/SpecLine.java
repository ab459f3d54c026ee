package io.gatun.spec;

import io.gatun.kernel.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The words and keys of one spec line while it is being read: {@code family f32 word … key=value …}. */
final class SpecLine {
    /** How each family reads its line: the one list that a new family is added to. */
    static final Map<String, Function<SpecLine, ? extends Spec>> FAMILIES = new TreeMap<>(Map.ofEntries(
            Map.entry("activation", ActivationSpec::parse),
            Map.entry("adaptivepool", AdaptivePoolSpec::parse),
            Map.entry("adagrad", AdagradSpec::parse),
            Map.entry("adam", AdamSpec::parse),
            Map.entry("adamw", AdamSpec::parse),
            Map.entry("axpby", AxpbySpec::parse),
            Map.entry("batchnorm", BatchNormSpec::parse),
            Map.entry("binary", BinarySpec::parse),
            Map.entry("cast", CastSpec::parse),
            Map.entry("clipnorm", ClipNormSpec::parse),
            Map.entry("conv", ConvSpec::parse),
            Map.entry("copy", CopySpec::parse),
            Map.entry("cropmirrornormalize", CropMirrorNormalizeSpec::parse),
            Map.entry("crossentropy", CrossEntropySpec::parse),
            Map.entry("dropout", DropoutSpec::parse),
            Map.entry("embedding", EmbeddingSpec::parse),
            Map.entry("gemm", GemmSpec::parse),
            Map.entry("groupnorm", GroupNormSpec::parse),
            Map.entry("gru", GruSpec::parse),
            Map.entry("loss", LossSpec::parse),
            Map.entry("lerp", LerpSpec::parse),
            Map.entry("lstm", LstmSpec::parse),
            Map.entry("penalty", PenaltySpec::parse),
            Map.entry("permute", PermuteSpec::parse),
            Map.entry("pool", PoolSpec::parse),
            Map.entry("prelu", PReluSpec::parse),
            Map.entry("quantize", QuantizeSpec::parse),
            Map.entry("quantizedconv", QuantizedConvSpec::parse),
            Map.entry("reduce", ReduceSpec::parse),
            Map.entry("rnn", RnnSpec::parse),
            Map.entry("rmsprop", RmsPropSpec::parse),
            Map.entry("sgd", SgdSpec::parse),
            Map.entry("softmax", SoftmaxSpec::parse),
            Map.entry("average", AverageSpec::parse),
            Map.entry("extreme", ExtremeSpec::parse),
            Map.entry("inversedeviation", InverseDeviationSpec::parse),
            Map.entry("paddingmask", PaddingMaskSpec::parse),
            Map.entry("power", PowerSpec::parse),
            Map.entry("rownumbers", RowNumbersSpec::parse),
            Map.entry("runningmoments", RunningMomentsSpec::parse),
            Map.entry("where", WhereSpec::parse)));

    private final String line;
    private final String family;
    private final DType type;
    private final List<String> words = new ArrayList<>();
    private final Map<String, String> values = new LinkedHashMap<>();

    private SpecLine(String line) {
        this.line = line;
        String[] parts = line.strip().split("\\s+");
        this.family = parts[0];
        for (String part : Arrays.asList(parts).subList(1, parts.length)) {
            int equals = part.indexOf('=');
            if (equals < 0) {
                words.add(part);
            } else if (values.put(part.substring(0, equals), part.substring(equals + 1)) != null) {
                throw wrong("key '" + part.substring(0, equals) + "' stands twice");
            }
        }
        this.type = Arrays.stream(DType.values())
                .filter(DType::floating)
                .filter(known -> words.remove(known.word()))
                .findFirst()
                .orElseThrow(() -> wrong("the data type is missing after the family; known are f32, bf16, f16"));
    }

    static SpecLine of(String line) {
        return new SpecLine(line);
    }

    /** The type that the line names. */
    DType type() {
        return type;
    }

    String family() {
        return family;
    }

    /** The word that names one of the constants, in lower case; {@code fallback} if there is none, refused if null. */
    <E extends Enum<E>> E word(Class<E> type, E fallback) {
        for (E constant : type.getEnumConstants()) {
            if (words.remove(lower(constant))) {
                return constant;
            }
        }
        if (fallback != null) {
            return fallback;
        }
        throw wrong("one of "
                + Arrays.stream(type.getEnumConstants()).map(SpecLine::lower).collect(Collectors.joining(", "))
                + " is missing");
    }

    boolean flag(String word) {
        return words.remove(word);
    }

    int integer(String key) {
        return integer(required(key), key);
    }

    int integer(String key, int fallback) {
        String value = values.remove(key);
        return value == null ? fallback : integer(value, key);
    }

    long count(String key) {
        return count(required(key), key);
    }

    long count(String key, long fallback) {
        String value = values.remove(key);
        return value == null ? fallback : count(value, key);
    }

    float real(String key, float fallback) {
        String value = values.remove(key);
        try {
            return value == null ? fallback : Float.parseFloat(value);
        } catch (NumberFormatException e) {
            throw wrong(key + "=" + value + " is not a number");
        }
    }

    String text(String key, String fallback) {
        String value = values.remove(key);
        return value == null ? fallback : value;
    }

    /** Integers joined by {@code separator}; an empty value is an empty list. */
    int[] integers(String key, String separator) {
        String value = required(key);
        return value.isEmpty()
                ? new int[0]
                : Arrays.stream(value.split(separator))
                        .mapToInt(v -> integer(v, key))
                        .toArray();
    }

    void refuseRest() {
        if (!words.isEmpty()) {
            throw wrong("word '" + words.getFirst() + "' is not known");
        }
        if (!values.isEmpty()) {
            throw wrong("key '" + values.keySet().iterator().next() + "' is not known");
        }
    }

    private String required(String key) {
        String value = values.remove(key);
        if (value == null) {
            throw wrong("key '" + key + "' is missing");
        }
        return value;
    }

    private int integer(String value, String key) {
        long count = count(value, key);
        if (count != (int) count) {
            throw wrong(key + "=" + value + " is larger than " + Integer.MAX_VALUE);
        }
        return (int) count;
    }

    private long count(String value, String key) {
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw wrong(key + "=" + value + " is not a whole number");
        }
    }

    private IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("spec '" + line + "': " + what);
    }

    static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Writes a line; keys that have their default value are left out. */
    static final class Writer {
        private final StringBuilder line;

        Writer(String family) {
            this(family, DType.F32);
        }

        Writer(String family, DType type) {
            line = new StringBuilder(family).append(' ').append(type.word());
        }

        Writer word(Enum<?> constant) {
            line.append(' ').append(lower(constant));
            return this;
        }

        Writer flag(String word, boolean set) {
            if (set) {
                line.append(' ').append(word);
            }
            return this;
        }

        Writer put(String key, Object value) {
            line.append(' ').append(key).append('=').append(value);
            return this;
        }

        Writer put(String key, Object value, Object fallback) {
            return value.equals(fallback) ? this : put(key, value);
        }

        @Override
        public String toString() {
            return line.toString();
        }
    }
}
