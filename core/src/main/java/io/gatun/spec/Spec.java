package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;
import java.util.function.Function;

/**
 * Everything about one problem, as an immutable record that validates itself when it is made and prints and parses as
 * one line: {@code gemm f32 m=64 n=64 k=64}. Logs, failing tests and benchmarks speak that line.
 */
public sealed interface Spec
        permits ActivationSpec,
                AdagradSpec,
                AdamSpec,
                AdaptivePoolSpec,
                AverageSpec,
                AxpbySpec,
                BatchNormSpec,
                BinarySpec,
                CastSpec,
                ClipNormSpec,
                ConvSpec,
                CopySpec,
                CropMirrorNormalizeSpec,
                CrossEntropySpec,
                DropoutSpec,
                EmbeddingSpec,
                ExtremeSpec,
                GemmSpec,
                GroupNormSpec,
                GruSpec,
                InverseDeviationSpec,
                LerpSpec,
                LossSpec,
                LstmSpec,
                MixedSpec,
                PaddingMaskSpec,
                PenaltySpec,
                PermuteSpec,
                PoolSpec,
                PowerSpec,
                PReluSpec,
                QuantizedConvSpec,
                QuantizeSpec,
                ReduceSpec,
                RmsPropSpec,
                RnnSpec,
                RowNumbersSpec,
                RunningMomentsSpec,
                SgdSpec,
                SoftmaxSpec,
                WhereSpec {

    /** The buffers of a plan, in the order in which {@code run} takes them. */
    List<Operand> operands();

    /** Floating-point operations, a fused multiply-add counted as two; 0 where bytes are the limit. */
    double flops();

    /** Bytes that have to move at least: every operand once, those that are updated twice. */
    default double bytes() {
        double bytes = 0;
        for (Operand operand : operands()) {
            bytes += (double) operand.bytes() * (operand.access() == Operand.Access.UPDATE ? 2 : 1);
        }
        return bytes;
    }

    /**
     * Bytes of those that have to be read a second time by any kernel, unless a cache has kept them: of an operand that is
     * needed whole before the first result is known. 0 for most.
     */
    default double bytesAgain() {
        return 0;
    }

    /**
     * Reads a line as {@code toString} prints it; keys may come in any order and defaults may be left out.
     *
     * @throws IllegalArgumentException saying which word or key is wrong and what is known
     */
    static Spec parse(String line) {
        SpecLine words = SpecLine.of(line);
        Function<SpecLine, ? extends Spec> parser = SpecLine.FAMILIES.get(words.family());
        if (parser == null) {
            throw new IllegalArgumentException("unknown spec family '" + words.family() + "'; known are "
                    + String.join(", ", SpecLine.FAMILIES.keySet()));
        }
        Spec spec = parser.apply(words);
        if (words.type() != DType.F32 && !(spec instanceof CastSpec)) {
            spec = MixedSpec.parse(words, spec);
        }
        words.refuseRest();
        return spec;
    }
}
