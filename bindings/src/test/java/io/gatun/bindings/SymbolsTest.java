package io.gatun.bindings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.bindings.cudart.CudaRt;
import io.gatun.bindings.omp.Omp;
import io.gatun.bindings.onednn.Dnnl;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every bound function exists in the library that ships: catches a drifted include list without jextract. */
@SuppressWarnings("restricted")
class SymbolsTest {
    @Test
    void oneDnnHasEveryBoundFunction(@TempDir Path folder) throws IOException {
        Shipped.unpack("libdnnl.so.3", folder);
        Shipped.unpack("libgomp.so.1", folder);
        try (Arena arena = Arena.ofConfined()) {
            assertThat(missing(Dnnl.class, SymbolLookup.libraryLookup(folder.resolve("libdnnl.so.3"), arena)))
                    .isEmpty();
            assertThat(missing(Omp.class, SymbolLookup.libraryLookup(folder.resolve("libgomp.so.1"), arena)))
                    .isEmpty();
        }
    }

    @Test
    void cudaRuntimeHasEveryBoundFunction() {
        Optional<Path> library = Shipped.cuda("lib64/libcudart.so.13");
        assumeTrue(library.isPresent(), "SKIPPED: no libcudart.so.13 in CUDA_HOME or /usr/local/cuda");
        try (Arena arena = Arena.ofConfined()) {
            assertThat(missing(CudaRt.class, SymbolLookup.libraryLookup(library.get(), arena)))
                    .isEmpty();
        }
    }

    @Test
    void generatedClassesAreLazyAndTheLookupSaysWhatToDo() {
        assertThat(Dnnl.DNNL_ARG_SRC()).isEqualTo(1);
        assertThat(Dnnl.DNNL_VERSION_MAJOR()).isEqualTo(3);
        assertThatThrownBy(() -> LibrarySymbols.ONEDNN.find("dnnl_version"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("dnnl_version of oneDNN was called before the library was loaded");
    }

    @Test
    void gpuEnginesCannotBeAskedFor() {
        // dnnl_engine_get_count(dnnl_gpu) without an OpenCL driver never returns.
        assertThat(functions(Dnnl.class))
                .doesNotContain("dnnl_engine_get_count")
                .hasSizeGreaterThan(60);
        assertThat(Dnnl.class.getMethods()).extracting(Method::getName).doesNotContain("dnnl_gpu");
    }

    private static Stream<String> missing(Class<?> bindings, SymbolLookup library) {
        assertThat(functions(bindings)).isNotEmpty();
        return functions(bindings).filter(name -> library.find(name).isEmpty());
    }

    private static Stream<String> functions(Class<?> bindings) {
        return Stream.of(bindings.getMethods())
                .map(Method::getName)
                .filter(name -> name.endsWith("$address"))
                .map(name -> name.substring(0, name.length() - "$address".length()));
    }
}
