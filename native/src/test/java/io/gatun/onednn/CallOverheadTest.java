package io.gatun.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.bindings.onednn.DnnlLayouts;
import io.gatun.bindings.onednn.dnnl_exec_arg_t;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.parallel.Workers;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.Spec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What it costs that a tiny primitive is called from Java: the same primitive on the same arguments in a loop of C and in
 * a loop of Java, and the same problem as a plan with all its checks; in turn, in one process. {@code target} has the
 * figures.
 */
@RequiresOneDnn
@Tag("heavy")
@SuppressWarnings("restricted")
class CallOverheadTest {
    private static final int ROUNDS = 60;
    private static final int CALLS = 5_000;

    /** Quiet machines show 1.0 to 1.1; the rest is for neighbours. */
    private static final double MOST = 1.5;

    private static final String LOOP = """
        typedef int (*execute)(const void *, void *, int, const void *);
        int loop(execute run, const void *primitive, void *stream, int n, const void *arguments, int times) {
            int status = 0;
            for (int i = 0; i < times; i++) status |= run(primitive, stream, n, arguments);
            return status;
        }
        """;

    @TempDir
    private Path folder;

    /** oneDNN's leaky ReLU is its ReLU with a slope: the same generated code. */
    @ParameterizedTest
    @ValueSource(strings = {"activation f32 forward act=leaky_relu:0.01 count=16", "gemm f32 m=8 n=8 k=8"})
    void hardlyLongerThanFromC(String line) throws Throwable {
        Spec spec = Spec.parse(line);
        OneDnnLibrary.require(1);
        try (Arena arena = Arena.ofConfined();
                Workers workers = new Workers(1);
                Engine engine = new Engine(workers);
                OneDnnKernel kernel = (OneDnnKernel) kernel(engine, spec);
                Kernels kernels = Kernels.open("onednn", 1)) {
            Primitive primitive = kernel.primitives().get(0);
            MethodHandle inC = loop(arena);
            Plan plan = kernels.plan(spec);
            MemorySegment[] buffers = plan.operands().stream()
                    .map(Operand::bytes)
                    .map(bytes -> arena.allocate(bytes, 64))
                    .toArray(MemorySegment[]::new);
            MemorySegment arguments = arguments(arena, engine, primitive, spec, buffers);
            int count = (int) (arguments.byteSize() / dnnl_exec_arg_t.layout().byteSize());
            MemorySegment stream = stream(arena, engine);
            MemorySegment execute = Dnnl.dnnl_primitive_execute$address();
            double[] c = new double[ROUNDS];
            double[] java = new double[ROUNDS];
            double[] checked = new double[ROUNDS];
            for (int round = -ROUNDS; round < ROUNDS; round++) {
                int at = Math.max(round, 0);
                long start = System.nanoTime();
                Status.check(
                        (int) inC.invokeExact(execute, primitive.handle(), stream, count, arguments, CALLS),
                        "loop",
                        spec);
                c[at] = (System.nanoTime() - start) / (double) CALLS;
                java[at] = inJava(primitive, stream, count, arguments);
                checked[at] = asPlan(plan, buffers);
            }
            Dnnl.dnnl_stream_destroy(stream);
            String figures = String.format(
                    Locale.ROOT,
                    "%s: C %.0f ns, Java %.0f ns, plan %.0f ns a call (medians); Java/C %.3f (%.3f to %.3f), plan/C"
                            + " %.3f%n",
                    spec,
                    quantile(c, 0.5),
                    quantile(java, 0.5),
                    quantile(checked, 0.5),
                    quantile(ratios(java, c), 0.5),
                    quantile(ratios(java, c), 0.25),
                    quantile(ratios(java, c), 0.75),
                    quantile(ratios(checked, c), 0.5));
            Files.writeString(Path.of("target", "call-overhead-" + line.split(" ")[0] + ".txt"), figures);
            assertThat(quantile(java, 0) / quantile(c, 0)).as(figures).isLessThan(MOST);
        }
    }

    private static double inJava(Primitive primitive, MemorySegment stream, int count, MemorySegment arguments) {
        int status = 0;
        long start = System.nanoTime();
        for (int i = 0; i < CALLS; i++) {
            status |= Dnnl.dnnl_primitive_execute(primitive.handle(), stream, count, arguments);
        }
        double nanos = (System.nanoTime() - start) / (double) CALLS;
        Status.check(status, "dnnl_primitive_execute", primitive);
        return nanos;
    }

    private static double asPlan(Plan plan, MemorySegment[] buffers) {
        long start = System.nanoTime();
        for (int i = 0; i < CALLS; i++) {
            plan.run(buffers);
        }
        return (System.nanoTime() - start) / (double) CALLS;
    }

    private static Kernel kernel(Engine engine, Spec spec) {
        return spec instanceof ActivationSpec activation
                ? Activations.kernel(engine, activation)
                : Gemm.kernel(engine, (GemmSpec) spec);
    }

    /** The operands and the scratchpad. */
    private static MemorySegment arguments(
            Arena arena, Engine engine, Primitive primitive, Spec spec, MemorySegment[] buffers) {
        List<Integer> keys = spec instanceof ActivationSpec
                ? List.of(Dnnl.DNNL_ARG_SRC(), Dnnl.DNNL_ARG_DST(), Dnnl.DNNL_ARG_SCRATCHPAD())
                : List.of(
                        Dnnl.DNNL_ARG_SRC(), Dnnl.DNNL_ARG_WEIGHTS(), Dnnl.DNNL_ARG_DST(), Dnnl.DNNL_ARG_SCRATCHPAD());
        MemorySegment arguments = arena.allocate(dnnl_exec_arg_t.layout(), keys.size());
        MemorySegment out = arena.allocate(DnnlLayouts.C_POINTER);
        for (int i = 0; i < keys.size(); i++) {
            MemorySegment data =
                    i < buffers.length ? buffers[i] : arena.allocate(Math.max(64, primitive.scratchpadBytes()), 64);
            Status.check(
                    Dnnl.dnnl_memory_create(out, primitive.argument(keys.get(i)), engine.handle(), data),
                    "dnnl_memory_create",
                    spec);
            MemorySegment argument = dnnl_exec_arg_t.asSlice(arguments, i);
            dnnl_exec_arg_t.arg(argument, keys.get(i));
            dnnl_exec_arg_t.memory(argument, out.get(DnnlLayouts.C_POINTER, 0));
        }
        return arguments;
    }

    private static MemorySegment stream(Arena arena, Engine engine) {
        MemorySegment out = arena.allocate(DnnlLayouts.C_POINTER);
        Status.check(
                Dnnl.dnnl_stream_create(out, engine.handle(), Dnnl.dnnl_stream_in_order()),
                "dnnl_stream_create",
                engine);
        return out.get(DnnlLayouts.C_POINTER, 0);
    }

    private MethodHandle loop(Arena arena) throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "SKIPPED: no gcc to compile the loop in C");
        Path source = Files.writeString(folder.resolve("loop.c"), LOOP);
        Path library = folder.resolve("loop.so");
        Process gcc = new ProcessBuilder("gcc", "-O2", "-shared", "-fPIC", "-o", library.toString(), source.toString())
                .inheritIO()
                .start();
        assertThat(gcc.waitFor()).isZero();
        return Linker.nativeLinker()
                .downcallHandle(
                        SymbolLookup.libraryLookup(library, arena).findOrThrow("loop"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.ADDRESS,
                                ValueLayout.ADDRESS,
                                ValueLayout.JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.JAVA_INT));
    }

    private static double[] ratios(double[] above, double[] below) {
        double[] ratios = new double[above.length];
        Arrays.setAll(ratios, i -> above[i] / below[i]);
        return ratios;
    }

    private static double quantile(double[] samples, double q) {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        return sorted[(int) (q * (sorted.length - 1))];
    }
}
