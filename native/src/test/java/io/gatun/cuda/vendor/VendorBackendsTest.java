package io.gatun.cuda.vendor;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.RequiresEmulation;
import io.gatun.kernel.Kernels;
import io.gatun.spec.AxpbySpec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How NVIDIA's libraries come before Gatun's kernels, or do not. */
@RequiresEmulation(vendor = true)
class VendorBackendsTest {
    @AfterEach
    void nothingIsLeft() {
        long bytes = EmulatedDevice.liveBytes();
        long objects = EmulatedDevice.liveObjects();
        EmulatedDevice.forget();
        assertThat(bytes).isZero();
        assertThat(objects).isZero();
    }

    private static Map<String, List<String>> described() {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            assertThat(kernels.plan(new AxpbySpec(10, 1, 0)).backend()).isEqualTo("cuda");
            return kernels.describe();
        }
    }

    @Test
    void bothAreFoundBesideTheRuntime() {
        Map<String, List<String>> lines = described();
        assertThat(lines).containsOnlyKeys("cuda", "cudnn", "cublaslt");
        assertThat(lines.get("cublaslt"))
                .first()
                .asString()
                .matches("cublaslt 13\\.1\\.0 from .*/vendor/libcublasLt\\.so\\.13");
        assertThat(lines.get("cudnn")).first().asString().matches("cudnn 9\\.24\\.0 from .*/vendor/libcudnn\\.so\\.9");
    }

    @Test
    void oneSwitchLeavesOurKernelsAlone() {
        System.setProperty("gatun.cuda.vendor", "false");
        try {
            Map<String, List<String>> lines = described();
            assertThat(lines.get("cublaslt")).containsExactly("not used: -Dgatun.cuda.vendor=false");
            assertThat(lines.get("cudnn")).containsExactly("not used: -Dgatun.cuda.vendor=false");
            assertThat(lines.get("cuda")).anyMatch(line -> line.contains("-Dgatun.cuda.vendor=false"));
        } finally {
            System.setProperty("gatun.cuda.vendor", "true");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "cublaslt, cublasLtCreate, 1, CUBLAS_STATUS_NOT_INITIALIZED",
        "cudnn, cudnnCreate, 1001, CUDNN_STATUS_NOT_INITIALIZED",
        "cudnn, cudnnSetStream, 4000, CUDNN_STATUS_INTERNAL_ERROR"
    })
    void oneThatDoesNotStartIsNamedAndTheOthersWork(String backend, String call, int status, String name) {
        EmulatedDevice.fail(call, 1, status);
        Map<String, List<String>> lines = described();
        assertThat(lines.get(backend))
                .singleElement()
                .asString()
                .startsWith("not used: ")
                .contains(call + " returned " + name + " (" + status + ")");
        assertThat(lines.values().stream().filter(l -> l.getFirst().startsWith("not used")))
                .hasSize(1);
    }
}
