package io.gatun.cuda;

import java.util.List;

/** NVIDIA's libraries that Gatun can use, none of which it ships. */
public enum NvidiaLibrary {
    /** The runtime: nothing goes without it. */
    CUDART("libcudart.so", "13", "12"),
    /** Matrix products. */
    CUBLASLT("libcublasLt.so", "13", "12"),
    CUBLAS("libcublas.so", "13", "12"),
    /** Convolutions and recurrent layers. */
    CUDNN("libcudnn.so", "9");

    private final List<String> names;

    NvidiaLibrary(String base, String... versions) {
        names = List.of(versions).stream().map(version -> base + "." + version).toList();
    }

    /** File names, the one to prefer first: {@code libcudart.so.13}, {@code libcudart.so.12}. */
    public List<String> names() {
        return names;
    }

    /** Those that go with a runtime of this version: cuBLAS's major version is the runtime's, cuDNN's is its own. */
    List<String> namesFor(String runtime) {
        String major = runtime.substring(0, runtime.indexOf('.'));
        return this == CUDNN
                ? names
                : names.stream().filter(name -> name.endsWith("." + major)).toList();
    }
}
