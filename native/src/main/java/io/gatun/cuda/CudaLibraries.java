package io.gatun.cuda;

import io.gatun.bindings.LibrarySymbols;
import io.gatun.kernel.NativeUnavailableException;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * NVIDIA's libraries, each loaded at most once in a process and never unloaded. Everything that calls the bindings of
 * CUDA goes through {@link #require} first. Gatun ships none of them. {@link CudaSearch} has the places. Thread-safe.
 */
public final class CudaLibraries {
    private static CudaInstallation installation;

    /** What {@code -Dgatun.cuda.path} said then: a search that found nothing is repeated when it says something else. */
    private static String searched;

    private static final String NO_VENDOR = "-Dgatun.cuda.vendor=false";

    private static final Map<NvidiaLibrary, VendorLibrary> VENDORS = new EnumMap<>(NvidiaLibrary.class);

    private CudaLibraries() {}

    private static synchronized CudaInstallation installation() {
        Surroundings surroundings = Surroundings.ofProcess();
        boolean again =
                installation != null && installation.reason() != null && !Objects.equals(searched, surroundings.path());
        if (installation == null || again) {
            searched = surroundings.path();
            installation = new CudaLoader(surroundings).load();
            if (installation.reason() == null) {
                LibrarySymbols.CUDART.bind(installation.symbols());
            }
        }
        return installation;
    }

    /**
     * Loads and binds the runtime, and checks that our kernels run on this device.
     *
     * @throws NativeUnavailableException in one sentence, if there is no library, driver or such device, or one is too old
     */
    public static void require(int device) {
        String refusal = installation().refusal(device);
        if (refusal != null) {
            throw new NativeUnavailableException(refusal);
        }
    }

    /**
     * Another library of NVIDIA's, if it is here: its bindings work from now on, and its symbols are valid for the life of
     * the process. Empty where the runtime cannot be used either, and with {@code -Dgatun.cuda.vendor=false}.
     */
    public static synchronized Optional<SymbolLookup> find(NvidiaLibrary library) {
        CudaInstallation runtime = installation();
        if (library == NvidiaLibrary.CUDART || runtime.reason() != null) {
            return Optional.ofNullable(runtime.symbols());
        }
        return CudaSettings.vendor() ? Optional.ofNullable(vendor(library).symbols()) : Optional.empty();
    }

    /**
     * As {@link #find}, of a library that a backend is made of.
     *
     * @throws NativeUnavailableException in one sentence, if it is not here or not wanted
     */
    public static synchronized void require(NvidiaLibrary library) {
        if (find(library).isPresent()) {
            return;
        }
        String reason = installation().reason();
        throw new NativeUnavailableException(
                reason != null
                        ? "CUDA cannot be used: " + reason
                        : CudaSettings.vendor()
                                ? VENDORS.get(library).describe().getFirst()
                                : NO_VENDOR);
    }

    private static VendorLibrary vendor(NvidiaLibrary library) {
        Surroundings surroundings = Surroundings.ofProcess();
        VendorLibrary known = VENDORS.get(library);
        boolean again = known != null && known.symbols() == null && !Objects.equals(known.path(), surroundings.path());
        if (known == null || again) {
            known = VendorLibrary.find(library, installation().runtime(), surroundings);
            VENDORS.put(library, known);
        }
        return known;
    }

    /** Which one was found and where, or that none was: a line for {@code gatun doctor}. */
    public static synchronized String describe(NvidiaLibrary library) {
        require(library);
        return VENDORS.get(library).describe().getFirst();
    }

    /** Lines for {@code gatun doctor}: versions, devices, and every place that was tried for each library. */
    public static synchronized List<String> describe() {
        CudaInstallation runtime = installation();
        List<String> lines = new ArrayList<>(runtime.describe());
        boolean vendor = CudaSettings.vendor();
        if (runtime.reason() == null && vendor) {
            for (NvidiaLibrary library : NvidiaLibrary.values()) {
                if (library != NvidiaLibrary.CUDART) {
                    lines.addAll(vendor(library).describe());
                }
            }
        } else if (runtime.reason() == null) {
            lines.add("NVIDIA's other libraries are not looked for: " + NO_VENDOR);
        }
        lines.addAll(CudaSettings.unknown());
        return lines;
    }
}
