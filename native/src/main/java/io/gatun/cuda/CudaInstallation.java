package io.gatun.cuda;

import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How the search for CUDA ended.
 *
 * @param place the loaded libcudart, or null
 * @param runtime its version, {@code 13.0}
 * @param driver the newest CUDA that the driver runs
 * @param devices in CUDA's order
 * @param reason why CUDA cannot be used at all, or null
 * @param attempts every place where libcudart was looked for, in order
 */
record CudaInstallation(
        String place,
        SymbolLookup symbols,
        String runtime,
        String driver,
        List<Device> devices,
        String reason,
        List<CudaSearch.Attempt> attempts) {
    /**
     * A GPU.
     *
     * @param refusal why our kernels do not run on it, or null
     */
    record Device(int number, String name, String capability, String refusal) {
        @Override
        public String toString() {
            return "cuda:" + number + ": " + name + ", compute capability " + capability
                    + (refusal == null ? "" : ", not usable: it " + refusal);
        }
    }

    CudaInstallation {
        devices = List.copyOf(devices);
        attempts = List.copyOf(attempts);
    }

    static CudaInstallation none(String reason, List<CudaSearch.Attempt> attempts) {
        return new CudaInstallation(null, null, null, null, List.of(), reason, attempts);
    }

    /** Why this device cannot be used, in one sentence with every place if no library was good; null if it can. */
    String refusal(int device) {
        if (reason != null) {
            boolean loaded = attempts.stream().anyMatch(CudaSearch.Attempt::loaded);
            return loaded || attempts.isEmpty()
                    ? reason
                    : reason + "; tried "
                            + attempts.stream()
                                    .map(CudaSearch.Attempt::toString)
                                    .collect(Collectors.joining("; "));
        }
        if (device < 0 || device >= devices.size()) {
            return "there is no cuda:" + device + " (-Dgatun.cuda.device): libcudart " + runtime + " sees "
                    + devices.size() + (devices.size() == 1 ? " device" : " devices");
        }
        Device there = devices.get(device);
        return there.refusal == null ? null : "cuda:" + device + " (" + there.name + ") " + there.refusal;
    }

    List<String> describe() {
        List<String> lines = new ArrayList<>();
        lines.add(
                reason == null
                        ? "CUDA runtime " + runtime + " from " + place + ", driver for CUDA " + driver
                        : "not used: " + reason);
        attempts.forEach(attempt -> lines.add("tried " + attempt));
        devices.forEach(device -> lines.add(device.toString()));
        return lines;
    }
}
