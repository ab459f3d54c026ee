package io.gatun.cuda;

import io.gatun.bindings.cudart.CudaRt;
import io.gatun.cuda.runtime.Remedies;
import io.gatun.library.SystemLinker;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Finds a libcudart that can be used here, and says in one sentence why there is none. Binds nothing. */
final class CudaLoader {
    /** The first runtime that loads PTX without the driver API. */
    private static final int LEAST_RUNTIME = 12_080;

    /** The first driver that reads the PTX of this jar. */
    private static final int LEAST_DRIVER = 12_000;

    private static final int LEAST_CAPABILITY = 8;

    private final Surroundings surroundings;

    /** The driver's CUDA, where it refused a runtime that would do otherwise; else 0. */
    private int oldDriver;

    CudaLoader(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    CudaInstallation load() {
        String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (!platform.startsWith("Linux")) {
            return CudaInstallation.none("this version looks for CUDA on Linux only, this is " + platform, List.of());
        }
        try {
            return load(new SystemLinker());
        } catch (IllegalCallerException e) {
            return CudaInstallation.none(
                    "native access is denied: start Java with"
                        + " --enable-native-access=io.gatun.core,io.gatun.bindings,io.gatun.accel (ALL-UNNAMED on the"
                        + " class path); " + e.getMessage(),
                    List.of());
        }
    }

    private CudaInstallation load(SystemLinker system) {
        CudaSearch search = new CudaSearch(
                NvidiaLibrary.CUDART,
                NvidiaLibrary.CUDART.names(),
                surroundings,
                system,
                library -> requireVersions(new CudaProbe(system, library)));
        CudaSearch.Found found = search.search();
        List<CudaSearch.Attempt> attempts = search.attempts();
        if (found == null) {
            return CudaInstallation.none(missing(), attempts);
        }
        try {
            return devices(new CudaProbe(system, found.symbols()), found, attempts);
        } catch (IOException e) {
            return CudaInstallation.none(found.place() + ": " + e.getMessage(), attempts);
        }
    }

    private String missing() {
        if (oldDriver != 0) {
            return "the driver here is for CUDA " + version(oldDriver)
                    + ", too old for what was found: update the driver"
                    + (oldDriver < LEAST_DRIVER
                            ? ""
                            : ", or install a CUDA runtime of 12, " + version(LEAST_RUNTIME) + " or newer");
        }
        String libcudart = "no usable libcudart, " + version(LEAST_RUNTIME) + " or newer,";
        return surroundings.path() == null
                ? libcudart + " was found: install CUDA or name its folder with -Dgatun.cuda.path"
                : libcudart
                        + " is where -Dgatun.cuda.path says: name another file or folder, or leave the option out to"
                        + " search";
    }

    /** A runtime of 13 needs a driver of 13; one of 12.x runs with every driver of 12. */
    private void requireVersions(CudaProbe probe) throws IOException {
        int runtime = probe.runtimeVersion();
        if (runtime < LEAST_RUNTIME) {
            throw new IOException(
                    "it is CUDA " + version(runtime) + ", and Gatun needs " + version(LEAST_RUNTIME) + " or newer");
        }
        int driver = probe.driverVersion();
        int needed = Math.max(LEAST_DRIVER, runtime / 1000 * 1000);
        if (driver != 0 && driver < needed) {
            oldDriver = driver;
            throw new IOException("it is CUDA " + version(runtime) + " and needs a driver for CUDA " + version(needed)
                    + " or newer, but the driver here is for CUDA " + version(driver));
        }
    }

    private CudaInstallation devices(CudaProbe probe, CudaSearch.Found found, List<CudaSearch.Attempt> attempts)
            throws IOException {
        int runtime = probe.runtimeVersion();
        int driver = probe.driverVersion();
        String what = "libcudart " + version(runtime) + " (" + found.place() + ")";
        CudaProbe.Answer count = probe.deviceCount();
        if (driver == 0) {
            return CudaInstallation.none(
                    what + " finds no NVIDIA driver (" + probe.error(count.status()) + "); install one for CUDA "
                            + version(runtime / 1000 * 1000) + " or newer",
                    attempts);
        }
        if (count.status() == CudaRt.cudaErrorNoDevice() || count.status() == 0 && count.value() == 0) {
            String visible = surroundings.environment("CUDA_VISIBLE_DEVICES");
            return CudaInstallation.none(
                    what + " sees no NVIDIA GPU"
                            + (visible == null ? "" : " (CUDA_VISIBLE_DEVICES is " + visible + ")"),
                    attempts);
        }
        if (count.status() != 0) {
            return CudaInstallation.none(
                    what + " cannot use the driver for CUDA " + version(driver) + ": " + probe.error(count.status())
                            + Remedies.of(count.status()),
                    attempts);
        }
        List<CudaInstallation.Device> devices = new ArrayList<>();
        for (int i = 0; i < count.value(); i++) {
            int major = probe.attribute(CudaRt.cudaDevAttrComputeCapabilityMajor(), i);
            int minor = probe.attribute(CudaRt.cudaDevAttrComputeCapabilityMinor(), i);
            String refusal = major >= LEAST_CAPABILITY
                    ? null
                    : "has compute capability " + major + "." + minor + ", and the kernels need " + LEAST_CAPABILITY
                            + ".0 or newer";
            devices.add(new CudaInstallation.Device(i, probe.name(i), major + "." + minor, refusal));
        }
        return new CudaInstallation(
                found.place(), found.symbols(), version(runtime), version(driver), devices, null, attempts);
    }

    /** {@code 13.0} for 13000. */
    static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }
}
