package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of drivers and devices that cannot be used. */
@RequiresEmulation
class EmulatedLoaderTest {
    @AfterEach
    void resets() {
        EmulatedDevice.reset();
    }

    private static CudaInstallation load() {
        String path = Emulation.folder().orElseThrow().toString();
        return new CudaLoader(new Surroundings(_ -> path, name -> name.equals("CUDA_VISIBLE_DEVICES") ? "7" : null))
                .load();
    }

    @Test
    void aGoodOneNamesItsDevices() {
        EmulatedDevice.set("DEVICES", "2");
        CudaInstallation installation = load();
        assertThat(installation.reason()).isNull();
        assertThat(installation.describe())
                .anyMatch(line -> line.startsWith("CUDA runtime 13.0 from ") && line.endsWith("driver for CUDA 13.0"))
                .anyMatch(line -> line.startsWith("cuda:1: ") && line.endsWith("compute capability 9.0"));
        assertThat(installation.refusal(1)).isNull();
        assertThat(installation.refusal(2)).contains("there is no cuda:2 (-Dgatun.cuda.device)", "sees 2 devices");
    }

    @Test
    void noDriver() {
        EmulatedDevice.set("DRIVER", "none");
        assertThat(load().reason())
                .contains("libcudart 13.0 (", ") finds no NVIDIA driver", "install one for CUDA 13.0 or newer");
    }

    @Test
    void anOldDriverIsNamedWithWhatIsNeeded() {
        EmulatedDevice.set("DRIVER", "old");
        assertThat(load().refusal(0))
                .startsWith(
                        "the driver here is for CUDA 12.2, too old for what was found: update the driver, or install a"
                                + " CUDA runtime of 12, 12.8 or newer; tried ")
                .contains("it is CUDA 13.0 and needs a driver for CUDA 13.0 or newer, but the driver here is for CUDA"
                        + " 12.2");
    }

    @Test
    void anOldRuntimeIsRefused() {
        EmulatedDevice.set("RUNTIME", "12040");
        assertThat(load().refusal(0)).contains("it is CUDA 12.4, and Gatun needs 12.8 or newer");
    }

    @Test
    void aRuntimeOf12RunsWithAnOlderDriverOf12() {
        EmulatedDevice.set("RUNTIME", "12080");
        assertThat(load().reason()).isNull();
    }

    @Test
    void noDevice() {
        EmulatedDevice.set("DRIVER", "nodevice");
        assertThat(load().reason()).contains("sees no NVIDIA GPU (CUDA_VISIBLE_DEVICES is 7)");
    }

    @Test
    void aDriverThatFailsOtherwiseIsQuoted() {
        EmulatedDevice.fail("cudaGetDeviceCount", 1, 46);
        assertThat(load().reason())
                .contains("cannot use the driver", "cudaErrorDevicesUnavailable (46); another process");
    }

    /** What one meets on a machine whose GPU is there and does not work. */
    @Test
    void errorsOfTheSetUpSayWhatToDo() {
        Map<Integer, String> advice = Map.of(
                34, "stub of libcuda",
                35, "install a newer NVIDIA driver",
                222, "install a newer NVIDIA driver",
                223, "unset CUDA_DISABLE_PTX_JIT",
                802, "start nvidia-fabricmanager",
                803, "have different versions",
                804, "cuda-compat",
                805, "nvidia-cuda-mps-control");
        advice.forEach((code, words) -> {
            EmulatedDevice.fail("cudaGetDeviceCount", 1, code);
            assertThat(load().reason()).contains(" (" + code + "); ", words);
        });
        EmulatedDevice.fail("cudaGetDeviceCount", 1, 999);
        assertThat(load().reason()).endsWith("cudaErrorUnknown (999)");
    }

    @Test
    void anOldDeviceIsRefusedByName() {
        EmulatedDevice.set("CAPABILITY", "7.5");
        CudaInstallation installation = load();
        assertThat(installation.reason()).isNull();
        assertThat(installation.refusal(0))
                .startsWith("cuda:0 (")
                .contains("has compute capability 7.5, and the kernels need 8.0 or newer");
    }

    @Test
    void aDeviceThatCannotBeOpenedIsRefusedInOneSentence() {
        EmulatedDevice.fail("cudaStreamCreateWithFlags", 1, 46);
        assertThatThrownBy(() -> Kernels.open("cuda", 1))
                .isInstanceOf(NativeUnavailableException.class)
                .hasMessageContaining("cannot be used: cuda:0: making a stream: cudaStreamCreateWithFlags returned"
                        + " cudaErrorDevicesUnavailable (46, ");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        device       | one  | is no number of a device; they are counted from 0
        device       | -1   | is no number of a device; they are counted from 0
        memory.limit | 2g   | is no number of bytes; give a whole one such as 1073741824
        memory.limit | -5   | is no number of bytes; give a whole one such as 1073741824
        tf32         | yes  | is neither true nor false
        vendor       | off  | is neither true nor false
        measure      | 1    | is neither true nor false
        """)
    void aSettingThatCannotBeIsSaidBeforeAnythingIsOpened(String name, String value, String why) {
        String property = "gatun.cuda." + name;
        String before = System.setProperty(property, value);
        try {
            assertThatThrownBy(() -> Kernels.open("cuda", 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("-D" + property + "=" + value + " " + why);
        } finally {
            if (before == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, before);
            }
        }
        assertThat(EmulatedDevice.liveObjects()).isZero();
    }

    @Test
    void aSettingThatNobodyKnowsIsSaid() {
        System.setProperty("gatun.cuda.pth", "x");
        try {
            assertThat(CudaLibraries.describe())
                    .last()
                    .asString()
                    .startsWith("-Dgatun.cuda.pth is unknown and has no effect; known are -Dgatun.cuda.path, ");
        } finally {
            System.clearProperty("gatun.cuda.pth");
        }
        assertThat(CudaLibraries.describe()).noneMatch(line -> line.contains("unknown"));
    }

    @Test
    void kernelsOfADeviceThatIsNotThereAreRefusedInOneSentence() {
        System.setProperty("gatun.cuda.device", "3");
        try {
            assertThatThrownBy(() -> Kernels.open("cuda", 1))
                    .isInstanceOf(NativeUnavailableException.class)
                    .hasMessageContaining("backend cuda was demanded and cannot be used: there is no cuda:3");
        } finally {
            System.clearProperty("gatun.cuda.device");
        }
    }
}
