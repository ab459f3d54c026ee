package io.gatun.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.bindings.cudnn.Cudnn;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A real cuDNN: without a GPU it takes the descriptors of our recurrent layers. */
class RealCudnnRnnTest {
    /** {@code CUDNN_FMA_MATH}. */
    private static final int FMA_MATH = 3;

    private static RealLibrary library;

    @BeforeAll
    static void find() throws IOException {
        library = RealLibrary.assumed(NvidiaLibrary.CUDNN);
    }

    @AfterAll
    static void close() {
        if (library != null) {
            library.close();
        }
    }

    private int layer(MemorySegment rnn, int cell, int bias, int math, int layers) {
        MemorySegment dropout = library.made("cudnnCreateDropoutDescriptor");
        int status = library.status(
                "cudnnSetRNNDescriptor_v8",
                rnn,
                Cudnn.CUDNN_RNN_ALGO_STANDARD(),
                cell,
                bias,
                Cudnn.CUDNN_UNIDIRECTIONAL(),
                Cudnn.CUDNN_LINEAR_INPUT(),
                Cudnn.CUDNN_DATA_FLOAT(),
                Cudnn.CUDNN_DATA_FLOAT(),
                math,
                4,
                5,
                5,
                layers,
                dropout,
                Cudnn.CUDNN_RNN_PADDED_IO_DISABLED());
        library.done("cudnnDestroyDropoutDescriptor", dropout);
        return status;
    }

    @Test
    void layersAreTakenInEachCellAndMath() {
        MemorySegment rnn = library.made("cudnnCreateRNNDescriptor");
        for (int math : new int[] {FMA_MATH, Cudnn.CUDNN_DEFAULT_MATH()}) {
            assertThat(layer(rnn, Cudnn.CUDNN_LSTM(), Cudnn.CUDNN_RNN_SINGLE_INP_BIAS(), math, 1))
                    .isZero();
            for (int cell : new int[] {Cudnn.CUDNN_GRU(), Cudnn.CUDNN_RNN_TANH(), Cudnn.CUDNN_RNN_RELU()}) {
                assertThat(layer(rnn, cell, Cudnn.CUDNN_RNN_DOUBLE_BIAS(), math, 1))
                        .as("cell " + cell)
                        .isZero();
            }
        }
        assertThat(layer(rnn, Cudnn.CUDNN_LSTM(), Cudnn.CUDNN_RNN_SINGLE_INP_BIAS(), FMA_MATH, 0))
                .as("no layers")
                .isNotZero();
        library.done("cudnnDestroyRNNDescriptor", rnn);
    }

    @Test
    void sequencesAndStatesAreTaken() {
        MemorySegment data = library.made("cudnnCreateRNNDataDescriptor");
        library.done(
                "cudnnSetRNNDataDescriptor",
                data,
                Cudnn.CUDNN_DATA_FLOAT(),
                Cudnn.CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED(),
                3,
                2,
                4,
                library.arena().allocateFrom(JAVA_INT, 3, 3),
                MemorySegment.NULL);
        library.done("cudnnDestroyRNNDataDescriptor", data);
        MemorySegment state = library.made("cudnnCreateTensorDescriptor");
        library.done(
                "cudnnSetTensorNdDescriptor",
                state,
                Cudnn.CUDNN_DATA_FLOAT(),
                3,
                library.arena().allocateFrom(JAVA_INT, 1, 2, 5),
                library.arena().allocateFrom(JAVA_INT, 10, 5, 1));
        library.done("cudnnDestroyTensorDescriptor", state);
    }

    @Test
    void withoutADriverItDoesNotStart() {
        RealLibrary.assumeNoDriver();
        assertThat(library.status("cudnnCreate", library.arena().allocate(ADDRESS)))
                .isEqualTo(Cudnn.CUDNN_STATUS_NOT_INITIALIZED());
    }
}
