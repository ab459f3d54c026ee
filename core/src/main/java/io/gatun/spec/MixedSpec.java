package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;
import java.util.Set;

/**
 * A problem whose large arrays are stored in 16 bits: read as floats, computed in float, rounded once (to nearest, ties to
 * even) when they are written. What is small and what is summed up stays float: biases, scales and shifts of norms,
 * statistics, gradients of parameters, embedding tables. So this is the arithmetic of mixed
 * precision, where weights are copies of float masters.
 *
 * <p>A recurrent layer's inputs, states, weights and the gradients of inputs and states are in the storage. The state that a step
 * reads is the one of dst, rounded, so that a sequence cut in two gives what the whole gives. What adds up over the steps is
 * float: the cell states of an LSTM and their gradients, the gates in the workspace, and the gradients of weights and biases. A
 * kernel may round the gradients of the gates, which the products for the gradients of weights, inputs and states before read,
 * to the storage: binary16 then wants the loss scaled, as its other gradients do.
 *
 * <p>Its line is that of the problem with another type: {@code conv bf16 forward n=…}, {@code gemm bf16 wide m=…},
 * {@code reduce bf16 wide sum shape=…}.
 *
 * @param of the problem in float
 * @param storage {@link DType#BF16} or {@link DType#F16}
 * @param wide whether the result of a product or a sum stays float: the gradient of a weight or a bias
 */
public record MixedSpec(Spec of, DType storage, boolean wide) implements Spec {
    /** What is stored as float whatever the storage. */
    private static final Set<String> FLOATS = Set.of(
            "bias",
            "biasIh",
            "biasHh",
            "c0",
            "cn",
            "gamma",
            "beta",
            "mean",
            "invStd",
            "runningMean",
            "runningVar",
            "table",
            "slope",
            "diffBias",
            "diffBiasIh",
            "diffBiasHh",
            "diffC0",
            "diffCn",
            "diffGamma",
            "diffBeta",
            "diffWeights",
            "diffWeightsIh",
            "diffWeightsHh",
            "diffTable",
            "diffSlope");

    public MixedSpec {
        boolean narrow = storage.floating() && storage.bytes() == 2;
        Checks.require(narrow, () -> "mixed: storage is " + storage.word() + "; known are bf16, f16");
        Checks.require(hasMixedForm(of), () -> "mixed: '" + of + "' has no form in " + storage.word());
        Checks.require(
                !wide || of instanceof GemmSpec || of instanceof ReduceSpec,
                () -> "mixed: only the result of a gemm or a reduce may be wide, not of '" + of + "'");
    }

    /** Stored in {@code storage}, results too. */
    public MixedSpec(Spec of, DType storage) {
        this(of, storage, false);
    }

    /** The spec in this storage: itself for float. */
    public static Spec of(Spec spec, DType storage) {
        return storage == DType.F32 ? spec : new MixedSpec(spec, storage);
    }

    private static boolean hasMixedForm(Spec spec) {
        return switch (spec) {
            case ActivationSpec _,
                    AdaptivePoolSpec _,
                    AxpbySpec _,
                    BatchNormSpec _,
                    BinarySpec _,
                    ConvSpec _,
                    CopySpec _,
                    DropoutSpec _,
                    EmbeddingSpec _,
                    GemmSpec _,
                    GroupNormSpec _,
                    GruSpec _,
                    LstmSpec _,
                    PermuteSpec _,
                    PReluSpec _,
                    PoolSpec _,
                    ReduceSpec _,
                    RnnSpec _,
                    SoftmaxSpec _ -> true;
            // Masters, moments and losses are float; bytes have types of their own.
            case AdagradSpec _,
                    AdamSpec _,
                    AverageSpec _,
                    CastSpec _,
                    ClipNormSpec _,
                    CropMirrorNormalizeSpec _,
                    CrossEntropySpec _,
                    ExtremeSpec _,
                    InverseDeviationSpec _,
                    LossSpec _,
                    LerpSpec _,
                    MixedSpec _,
                    PaddingMaskSpec _,
                    PenaltySpec _,
                    PowerSpec _,
                    QuantizeSpec _,
                    QuantizedConvSpec _,
                    RmsPropSpec _,
                    RowNumbersSpec _,
                    RunningMomentsSpec _,
                    SgdSpec _,
                    WhereSpec _ -> false;
        };
    }

    @Override
    public List<Operand> operands() {
        return of.operands().stream()
                .map(operand -> narrow(operand)
                        ? new Operand(operand.name(), operand.access(), storage, operand.elements())
                        : operand)
                .toList();
    }

    private boolean narrow(Operand operand) {
        return operand.type() == DType.F32 && !FLOATS.contains(operand.name()) && !(wide && operand.written());
    }

    @Override
    public double flops() {
        return of.flops();
    }

    @Override
    public double bytesAgain() {
        return of.bytesAgain() * storage.bytes() / DType.F32.bytes();
    }

    static Spec parse(SpecLine line, Spec of) {
        return new MixedSpec(of, line.type(), line.flag("wide"));
    }

    @Override
    public String toString() {
        return of.toString().replaceFirst(" f32\\b", " " + storage.word() + (wide ? " wide" : ""));
    }
}
