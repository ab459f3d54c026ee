package io.gatun.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.bindings.cublaslt.CublasLt;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A real cuBLASLt: without a GPU it makes descriptors and knows its attributes and their sizes. */
class RealCublasLtTest {
    private static RealLibrary library;

    @BeforeAll
    static void find() throws IOException {
        library = RealLibrary.assumed(NvidiaLibrary.CUBLASLT);
    }

    @AfterAll
    static void close() {
        if (library != null) {
            library.close();
        }
    }

    private void takes(String name, MemorySegment descriptor, int attribute, long bytes) {
        MemorySegment value = library.arena().allocate(8);
        value.set(JAVA_INT, 0, 1);
        assertThat(library.status(name, descriptor, attribute, value, bytes))
                .as(name + " " + attribute)
                .isEqualTo(CublasLt.CUBLAS_STATUS_SUCCESS());
        long another = Integer.BYTES + Long.BYTES - bytes;
        assertThat(library.status(name, descriptor, attribute, value, another))
                .as(name + " " + attribute + " of another size")
                .isEqualTo(CublasLt.CUBLAS_STATUS_INVALID_VALUE());
    }

    @Test
    void itsVersionIsOneThatGoesWithTheRuntime() {
        long version = (long) library.call("cublasLtGetVersion", JAVA_LONG);
        assertThat(version / 10_000).isIn(12L, 13L);
    }

    @Test
    void attributesHaveTheSizesThatWeWrite() {
        String set = "cublasLtMatmulDescSetAttribute";
        for (int compute : new int[] {CublasLt.CUBLAS_COMPUTE_32F(), CublasLt.CUBLAS_COMPUTE_32F_FAST_TF32()}) {
            MemorySegment operation = library.made("cublasLtMatmulDescCreate", compute, CublasLt.CUDA_R_32F());
            takes(set, operation, CublasLt.CUBLASLT_MATMUL_DESC_TRANSA(), Integer.BYTES);
            takes(set, operation, CublasLt.CUBLASLT_MATMUL_DESC_TRANSB(), Integer.BYTES);
            takes(set, operation, CublasLt.CUBLASLT_MATMUL_DESC_EPILOGUE(), Integer.BYTES);
            takes(set, operation, CublasLt.CUBLASLT_MATMUL_DESC_BIAS_POINTER(), Long.BYTES);
            library.done("cublasLtMatmulDescDestroy", operation);
        }
        MemorySegment layout = library.made("cublasLtMatrixLayoutCreate", CublasLt.CUDA_R_16BF(), 3L, 5L, 4L);
        set = "cublasLtMatrixLayoutSetAttribute";
        takes(set, layout, CublasLt.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT(), Integer.BYTES);
        takes(set, layout, CublasLt.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET(), Long.BYTES);
        library.done("cublasLtMatrixLayoutDestroy", layout);
        MemorySegment preference = library.made("cublasLtMatmulPreferenceCreate");
        set = "cublasLtMatmulPreferenceSetAttribute";
        takes(set, preference, CublasLt.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES(), Long.BYTES);
        takes(set, preference, CublasLt.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK(), Integer.BYTES);
        takes(set, preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES(), Integer.BYTES);
        takes(set, preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES(), Integer.BYTES);
        takes(set, preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES(), Integer.BYTES);
        takes(set, preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES(), Integer.BYTES);
        library.done("cublasLtMatmulPreferenceDestroy", preference);
    }

    /** With products of 16 bits into floats the bias is float, as everywhere. */
    @Test
    void aBiasHasTheTypeOfTheResultWhereNothingElseIsSaid() {
        int biasType = 26;
        MemorySegment operation =
                library.made("cublasLtMatmulDescCreate", CublasLt.CUBLAS_COMPUTE_32F(), CublasLt.CUDA_R_32F());
        MemorySegment value = library.arena().allocate(JAVA_INT);
        MemorySegment written = library.arena().allocate(JAVA_LONG);
        library.done("cublasLtMatmulDescGetAttribute", operation, biasType, value, (long) Integer.BYTES, written);
        assertThat(written.get(JAVA_LONG, 0)).isEqualTo(Integer.BYTES);
        assertThat(value.get(JAVA_INT, 0)).isEqualTo(-1);
        library.done("cublasLtMatmulDescDestroy", operation);
    }

    @Test
    void withoutADriverItDoesNotStart() {
        RealLibrary.assumeNoDriver();
        assertThat(library.status("cublasLtCreate", library.arena().allocate(ADDRESS)))
                .isEqualTo(CublasLt.CUBLAS_STATUS_NOT_INITIALIZED());
    }
}
