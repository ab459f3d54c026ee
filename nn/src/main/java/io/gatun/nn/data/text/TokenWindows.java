package io.gatun.nn.data.text;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Field;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;

/**
 * Windows of a token stream to learn the next token from, each by itself and in any order, as a Transformer needs:
 * window i is {@code inputs} i32 [T] = tokens [i·stride, i·stride + T) and {@code targets} i32 [T], the same one token
 * further on. (A recurrent net that carries its state over wants {@link io.gatun.nn.data.CharBatches}, which cuts the
 * stream into lanes.) The array is held, not copied. Immutable and thread-safe.
 *
 * @param tokens the stream
 * @param length T, at least 1
 * @param stride from one window to the next, at least 1; T for windows that share no token
 */
public record TokenWindows(int[] tokens, int length, int stride) implements Dataset {

    /** @throws IllegalArgumentException when length or stride is below 1 */
    public TokenWindows {
        if (length < 1 || stride < 1) {
            throw new IllegalArgumentException(
                    "token windows of length " + length + ", stride " + stride + ": both must be at least 1");
        }
    }

    @Override
    public int size() {
        return tokens.length <= length ? 0 : (tokens.length - 1 - length) / stride + 1;
    }

    @Override
    public List<Field> fields() {
        return List.of(
                new Field("inputs", DType.I32, Shape.of(length)), new Field("targets", DType.I32, Shape.of(length)));
    }

    @Override
    public Reader reader() {
        return (sample, _, targets, place) -> {
            int from = Objects.checkIndex(sample, size()) * stride;
            long at = 4L * place * length;
            MemorySegment.copy(tokens, from, targets[0], ValueLayout.JAVA_INT_UNALIGNED, at, length);
            MemorySegment.copy(tokens, from + 1, targets[1], ValueLayout.JAVA_INT_UNALIGNED, at, length);
        };
    }
}
