package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.Emulation;
import io.gatun.cuda.RequiresCuda;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every kernel over rows and of recurrent layers in 16-bit storage, at addresses that allow four at once and at others: the
 * contract's sizes do not reach all of them. In this package for its oracles.
 */
@RequiresCuda
class CudaMixedVariantsTest {
    /** Tiles of 256 rows, where there are 8 units of an LSTM, and rows that are more than 264 tiles. */
    private static final int SECOND_TILE = 256;

    private static final int ROWS = 264 * SECOND_TILE + 1;

    private final SplittableRandom random = new SplittableRandom(KernelContract.SEED);
    private Kernels kernels;

    @BeforeEach
    void open() {
        EmulatedDevice.reset();
        kernels = Kernels.open("cuda", 1);
    }

    @AfterEach
    void close() {
        kernels.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void softmax(DType storage) {
        for (String direction : new String[] {"forward", "backward"}) {
            for (String op : new String[] {"softmax", "log_softmax"}) {
                String start = "softmax f32 " + direction + " " + op;
                check(
                        storage,
                        start + " rows=9 cols=12",
                        start + " rows=3 cols=300",
                        start + " rows=2 cols=1028",
                        start + " rows=2 cols=5000");
            }
        }
        for (String kernel : new String[] {"rows4", "rows16", "block", "long"}) {
            launched("gatun_softmax_" + kernel, storage.word());
            launched("gatun_softmax_backward_" + kernel, storage.word());
        }
    }

    /** In one launch, from the storage to itself, and in two, with floats between; wide results are float. */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void sums(DType storage) {
        for (String wide : new String[] {"", "wide "}) {
            check(
                    storage,
                    "reduce f32 " + wide + "sum shape=64x512 axes=1",
                    "reduce f32 " + wide + "mean shape=3x1500 axes=1",
                    "reduce f32 " + wide + "sum_squares shape=3x9000 axes=1",
                    "reduce f32 " + wide + "mean shape=30x36 axes=0",
                    "reduce f32 " + wide + "sum shape=1000x36 axes=0",
                    "reduce f32 " + wide + "sum shape=4x9x6x20 axes=0,2");
        }
        for (String kernel : new String[] {"rows", "pieces", "columns"}) {
            launched("gatun_reduce_" + kernel, storage.word());
            launched("gatun_reduce_" + kernel, storage.word() + "_f32");
        }
        launched("gatun_reduce_rows_f32", storage.word());
        launched("gatun_reduce_columns_f32", storage.word());
        // 1,221 pieces, which a block adds up: not run, but its kernel must be there.
        assertThat(kernels.plan(Spec.parse("reduce " + storage.word() + " sum shape=20000000 axes=0"))
                        .backend())
                .isEqualTo("cuda");
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void embedding(DType storage) {
        check(
                storage,
                "embedding f32 forward vocabulary=10 dim=64 count=33",
                "embedding f32 forward vocabulary=10 dim=35 count=9",
                "embedding f32 backward vocabulary=10 dim=300 count=70",
                "embedding f32 backward vocabulary=500 dim=36 count=300");
        launched("gatun_embedding", storage.word());
        launched("gatun_embedding_few", storage.word());
        launched("gatun_embedding_pieces", storage.word());
    }

    /**
     * Rows in two parts, units in many blocks, terms in two stages forward and more backward; all runs of 16 bytes, and none. What the
     * gradients may be off by is a share of all their terms' magnitudes, so that few terms say most.
     */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void recurrentLayers(DType storage) {
        check(
                storage,
                "lstm f32 training t=2 b=18 i=24 h=136",
                "lstm f32 backward t=2 b=18 i=24 h=136",
                "gru f32 training t=2 b=18 i=24 h=136",
                "gru f32 backward t=2 b=18 i=24 h=136",
                "rnn f32 training t=2 b=18 i=24 h=136",
                "rnn f32 backward t=2 b=18 i=24 h=136",
                "lstm f32 inference t=3 b=3 i=5 h=35",
                "gru f32 inference t=3 b=3 i=5 h=35",
                "rnn f32 inference act=relu t=3 b=3 i=5 h=35",
                "lstm f32 backward t=3 b=2 i=1 h=2",
                "gru f32 backward t=3 b=2 i=1 h=2",
                "rnn f32 backward t=3 b=2 i=1 h=2",
                "rnn f32 backward act=relu t=3 b=3 i=5 h=35");
        for (String layer : new String[] {"lstm", "gru", "rnn"}) {
            launched("gatun_" + layer + "_step", storage.word());
            launched("gatun_" + layer + "_step_backward", storage.word());
        }
    }

    /**
     * Gradients of biases of so many rows that a block adds up more than one tile of them: only the second tile and the last row,
     * which the 265th has alone, are not 0. The products for the weights are cut in slices too.
     */
    @Tag("heavy")
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    void biasesOfManyRows(DType storage) {
        Spec spec = MixedSpec.of(Spec.parse("lstm f32 backward constantsrc t=1 i=1 h=8 b=" + ROWS), storage);
        Inputs inputs = Families.of(spec).anyInputs(spec, false, random);
        for (String gradient : new String[] {"diffDst", "diffHn", "diffCn"}) {
            double[] values = inputs.get(gradient).clone();
            Arrays.fill(values, 0, 8 * SECOND_TILE, 0);
            Arrays.fill(values, 8 * 2 * SECOND_TILE, 8 * (ROWS - 1), 0);
            inputs = inputs.with(gradient, values);
        }
        assertThat(new AlignedRuns(kernels, spec, inputs).aligned(1)).isNull();
        launched("gatun_recurrent_bands", storage.word());
    }

    private void check(DType storage, String... lines) {
        List<String> wrong = new ArrayList<>();
        for (String line : lines) {
            Spec spec = Spec.parse(line.replaceFirst(" f32 ", " " + storage.word() + " "));
            AlignedRuns runs = new AlignedRuns(kernels, spec, false, random);
            String aligned = runs.aligned(1);
            String guarded = aligned == null ? runs.guarded(1) : null;
            if (aligned != null || guarded != null) {
                wrong.add(spec + (aligned != null ? ", aligned: " + aligned : ": " + guarded));
            }
        }
        assertThat(wrong).isEmpty();
    }

    /** Which a GPU does not count. */
    private static void launched(String kernel, String types) {
        if (Emulation.onDevice()) {
            return;
        }
        assertThat(EmulatedDevice.launches(kernel + "_" + types))
                .as(kernel + "_" + types)
                .isPositive();
    }
}
