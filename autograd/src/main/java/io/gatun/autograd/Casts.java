package io.gatun.autograd;

import io.gatun.kernel.DType;
import io.gatun.spec.CastSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * The same numbers in another floating type, and which type an operation computes in. Results have the type of the larger
 * arrays that went in; what is float and what is stored in 16 bits meet as floats, as in PyTorch. Within {@link
 * Tape#autocast} products and convolutions round what they read to its type.
 */
public final class Casts {
    private Casts() {}

    /**
     * src in another floating type: rounded to nearest, ties to even; src itself where it has that type. The gradient is
     * cast back.
     *
     * @throws IllegalArgumentException if one of the types is of whole numbers
     */
    public static Tensor to(Tensor src, DType type) {
        return to(Tape.of("cast", src), "cast", src, type);
    }

    static Tensor to(Tape tape, String op, Tensor src, DType type) {
        requireFloating(op, src);
        if (src.type == type) {
            return src;
        }
        CastSpec spec = new CastSpec(src.type, type, src.shape.elements());
        MemorySegment lowered = tape.lowered(src, type);
        if (lowered != null) {
            return tape.record(new Op.Cast(spec), new Tensor(tape, src.shape, type, lowered, src.label(), null), src);
        }
        Tensor dst = tape.result(src.shape, type, "cast");
        tape.run(spec, src.memory(), dst.memory);
        return tape.record(new Op.Cast(spec), dst, src);
    }

    /** For an operation that computes with floats alone. */
    static Tensor floats(String op, Tensor src) {
        requireFloating(op, src);
        return src.type == DType.F32 ? src : floats(Tape.of(op, src), op, src);
    }

    /** As {@link #floats(String, Tensor)}, of what may be a parameter, which is on no tape, or missing: null stays. */
    static Tensor floats(Tape tape, String op, Tensor src) {
        return src == null ? null : to(tape, op, src, DType.F32);
    }

    /** The type of a product of these: that of the tape's autocast, or the one they have in common. */
    static DType ofProduct(Tape tape, String op, Tensor a, Tensor b) {
        DType common = common(op, a, b);
        return tape.storage() == DType.F32 ? common : tape.storage();
    }

    /** The type of two operands' result: float unless both have the same. A single number goes with the other. */
    static DType common(String op, Tensor a, Tensor b) {
        requireFloating(op, a);
        requireFloating(op, b);
        if (a.type == b.type || b.shape.rank() == 0) {
            return a.type;
        }
        return a.shape.rank() == 0 ? b.type : DType.F32;
    }

    /** The pieces in one type: theirs, or float where they differ in how they are stored. */
    static Tensor[] together(Tape tape, String op, Tensor... pieces) {
        DType first = pieces[0].type;
        boolean floating = Arrays.stream(pieces).allMatch(piece -> piece.type.floating());
        if (!floating || Arrays.stream(pieces).allMatch(piece -> piece.type == first)) {
            return pieces;
        }
        return Arrays.stream(pieces).map(piece -> floats(tape, op, piece)).toArray(Tensor[]::new);
    }

    /**
     * Weights as a product of this type reads them. This is no recorded cast: the product's rule has the gradient of the
     * weights themselves, which is a float one without a rounding on the way.
     */
    static Lowered weights(Tape tape, String op, Tensor weights, DType type) {
        requireFloating(op, weights);
        if (weights.type == type) {
            return new Lowered(null, null);
        }
        MemorySegment shared = tape.lowered(weights, type);
        if (shared != null) {
            return new Lowered(shared, null);
        }
        long count = weights.shape.elements();
        MemorySegment own = tape.allocate(type.bytes() * count, "cast weights");
        tape.run(new CastSpec(weights.type, type, count), weights.memory(), own);
        return new Lowered(own, own);
    }

    /**
     * Weights in a product's type.
     *
     * @param copy in that type, or null if the weights have it
     * @param own the copy if it is for this product alone, else null
     */
    record Lowered(MemorySegment copy, MemorySegment own) {
        MemorySegment of(Tensor weights) {
            return copy == null ? weights.memory() : copy;
        }
    }

    /** What was cast for one operation is of no more use to its caller. */
    static void release(Tensor cast, Tensor given) {
        if (cast != given) {
            cast.release();
        }
    }

    static void requireFloating(String op, Tensor tensor) {
        if (!tensor.type.floating()) {
            throw new IllegalArgumentException(
                    op + ": " + tensor + " is " + tensor.type.word() + ", must be f32, bf16 or f16");
        }
    }

    /** The 16-bit copies of parameters that a step reads, each flat buffer cast once and whole. */
    static final class OfParameters {
        private record Copy(Parameters of, DType type, MemorySegment values, Map<Parameter, Integer> versions) {}

        private final Tape tape;
        private final List<Copy> copies = new ArrayList<>();

        OfParameters(Tape tape) {
            this.tape = tape;
        }

        void forget() {
            copies.clear();
        }

        /** The part of its parameters' copy that {@code tensor}, a parameter or a view of one, is; null if it is neither. */
        MemorySegment of(Tensor tensor, DType type) {
            if (!((tensor.base == null ? tensor : tensor.base) instanceof Parameter parameter)
                    || !parameter.trainable()
                    || tensor.type != DType.F32) {
                return null;
            }
            Parameters owner = parameter.owner();
            MemorySegment values = copy(parameter, type).values;
            long offset = (tensor.memory().address() - owner.values().address()) / DType.F32.bytes();
            return values.asSlice(type.bytes() * offset, type.bytes() * tensor.shape.elements());
        }

        /** One that has the parameter's values. Who changes some in the middle of a step gets another; rules read the first. */
        private Copy copy(Parameter parameter, DType type) {
            Parameters owner = parameter.owner();
            for (Copy copy : copies) {
                if (copy.of == owner && copy.type == type && copy.versions.get(parameter) == parameter.version()) {
                    return copy;
                }
            }
            MemorySegment values = tape.allocate(type.bytes() * owner.count(), "parameters as " + type.word());
            tape.run(new CastSpec(DType.F32, type, owner.count()), owner.values(), values);
            Map<Parameter, Integer> versions = new IdentityHashMap<>();
            owner.trainable().forEach(each -> versions.put(each, each.version()));
            Copy copy = new Copy(owner, type, values, versions);
            copies.add(copy);
            return copy;
        }
    }
}
