package io.gatun.cuda;

import io.gatun.cuda.runtime.CudaFunction;
import io.gatun.cuda.runtime.CudaModule;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.memory.Owned;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/** The PTX files of this jar, loaded one by one as their kernels are asked for. Not thread-safe. */
final class PtxModules implements AutoCloseable {
    private final CudaRuntime runtime;
    private final Map<String, CudaModule> modules = new HashMap<>();
    private final Map<String, CudaFunction> functions = new HashMap<>();

    PtxModules(CudaRuntime runtime) {
        this.runtime = runtime;
    }

    /** A kernel that is on the device already; null if it is not. */
    CudaFunction loaded(String module, String name) {
        return functions.get(module + "/" + name);
    }

    /** As {@link #loaded}, brought there if it is not. */
    CudaFunction load(String module, String name) {
        return functions.computeIfAbsent(
                module + "/" + name, _ -> module(module).function(name));
    }

    private CudaModule module(String name) {
        return modules.computeIfAbsent(name, _ -> new CudaModule(runtime, name, ptx(name)));
    }

    private static byte[] ptx(String name) {
        try (InputStream in = PtxModules.class.getResourceAsStream("/io/gatun/cuda/" + name + ".ptx")) {
            if (in == null) {
                throw new IllegalArgumentException("there is no CUDA module '" + name + "' in Gatun's jar");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the CUDA module '" + name + "' of Gatun's jar", e);
        }
    }

    @Override
    public void close() {
        Owned owned = new Owned();
        modules.values().forEach(owned::add);
        modules.clear();
        functions.clear();
        owned.close();
    }
}
