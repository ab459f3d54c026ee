package io.gatun.bindings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sizes and offsets of every bound struct, one per line: {@code dnnl_exec_arg_t.memory 8 8} is offset and size. The
 * committed numbers are what a C compiler says about the headers; they are compared with the generated layouts always
 * and with a C compiler's answer where one is installed.
 */
class LayoutsTest {
    @Test
    void oneDnnStructsAreAsCommitted() throws Exception {
        assertThat(layouts("onednn")).isEqualTo(committed("onednn"));
    }

    @Test
    void cudaStructsAreAsCommitted() throws Exception {
        assertThat(layouts("cudart")).isEqualTo(committed("cudart"));
    }

    @Test
    void aCompilerAgreesOnOneDnn(@TempDir Path folder) throws Exception {
        Shipped.unpack("include/oneapi", folder);
        assertThat(compiled("onednn", folder.resolve("include"), "oneapi/dnnl/dnnl.h", folder))
                .isEqualTo(committed("onednn"));
    }

    @Test
    void aCompilerAgreesOnCuda(@TempDir Path folder) throws Exception {
        var header = Shipped.cuda("include/cuda_runtime_api.h");
        assumeTrue(header.isPresent(), "SKIPPED: no CUDA headers in CUDA_HOME or /usr/local/cuda");
        assumeTrue(
                Files.readString(header.get()).contains("#define CUDART_VERSION  13000"),
                "SKIPPED: the CUDA headers here are not 13.0's");
        assertThat(compiled("cudart", header.get().getParent(), "cuda_runtime_api.h", folder))
                .isEqualTo(committed("cudart"));
    }

    private static List<String> committed(String name) throws IOException {
        try (var in = LayoutsTest.class.getResourceAsStream("layouts-" + name + ".txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    /** The lines of every struct and union in the include list, from the generated classes. */
    private static List<String> layouts(String name) throws Exception {
        List<String> lines = new ArrayList<>();
        for (String struct : types(name).keySet()) {
            GroupLayout layout = (GroupLayout) Class.forName("io.gatun.bindings." + name + "." + struct)
                    .getMethod("layout")
                    .invoke(null);
            lines.add(struct + " " + layout.byteSize());
            for (String field : fields(layout)) {
                PathElement path = PathElement.groupElement(field);
                lines.add(struct + "." + field + " " + layout.byteOffset(path) + " "
                        + layout.select(path).byteSize());
            }
        }
        return lines;
    }

    private static List<String> fields(GroupLayout layout) {
        return layout.memberLayouts().stream()
                .flatMap(member -> member.name().stream())
                .filter(field -> !field.startsWith("$anon"))
                .toList();
    }

    /** The lines a C compiler makes of the same names. */
    private static List<String> compiled(String name, Path include, String header, Path folder) throws Exception {
        assumeTrue(onPath("gcc"), "SKIPPED: no gcc");
        StringBuilder c = new StringBuilder("#include <stddef.h>\n#include <stdio.h>\n#include <" + header + ">\n");
        c.append("int main(void) {\n");
        for (var type : types(name).entrySet()) {
            String struct = type.getKey();
            String declared = type.getValue();
            c.append("printf(\"%s %zu\\n\", \"" + struct + "\", sizeof(" + declared + "));\n");
            GroupLayout layout = (GroupLayout) Class.forName("io.gatun.bindings." + name + "." + struct)
                    .getMethod("layout")
                    .invoke(null);
            for (String field : fields(layout)) {
                c.append("printf(\"%s %zu %zu\\n\", \"" + struct + "." + field + "\", offsetof(" + declared + ", "
                        + field + "), sizeof(((" + declared + " *) 0)->" + field + "));\n");
            }
        }
        Path source = Files.writeString(folder.resolve("layouts.c"), c.append("}\n"));
        Path program = folder.resolve("layouts");
        run("gcc", "-I", include.toString(), "-o", program.toString(), source.toString());
        String lines = run(program.toString());
        // Beside the class files, to be looked at or committed after the include list changed.
        Files.writeString(Path.of("target", "layouts-" + name + ".txt"), lines);
        return lines.lines().toList();
    }

    /** Struct names of an include list, each with how C spells the type. */
    private static TreeMap<String, String> types(String name) throws IOException {
        TreeMap<String, String> types = new TreeMap<>();
        List<String> typedefs = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(name + ".args"))) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "--include-struct" -> types.put(words[1], "struct " + words[1]);
                case "--include-union" -> types.put(words[1], "union " + words[1]);
                case "--include-typedef" -> typedefs.add(words[1]);
                default -> {}
            }
        }
        // An anonymous struct is listed under the name of its typedef.
        typedefs.forEach(typedef -> types.computeIfPresent(typedef, (struct, declared) -> struct));
        assertThat(types).isNotEmpty();
        return types;
    }

    private static boolean onPath(String program) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
