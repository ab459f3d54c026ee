package io.gatun;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The arrows of the architecture, for the parts that JPMS does not see: tests run on one class path. */
@AnalyzeClasses(
        packages = "io.gatun",
        importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {
    /** Tests of other parts come here in jars. */
    static final class NoTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    private static final String[] CORE = {
        "io.gatun.kernel..",
        "io.gatun.memory..",
        "io.gatun.parallel..",
        "io.gatun.random..",
        "io.gatun.reference..",
        "io.gatun.spec.."
    };
    private static final String[] ACCEL = {"io.gatun.onednn..", "io.gatun.cuda..", "io.gatun.library.."};

    /** nn to autograd to core from simd; core from native to bindings; perf to everything; nothing to perf. */
    @ArchTest
    static final ArchRule ARROWS = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("core")
            .definedBy(CORE)
            .layer("simd")
            .definedBy("io.gatun.simd..")
            .layer("bindings")
            .definedBy("io.gatun.bindings..")
            .layer("native")
            .definedBy(ACCEL)
            .layer("autograd")
            .definedBy("io.gatun.autograd..")
            .layer("nn")
            .definedBy("io.gatun.nn..")
            .layer("perf")
            .definedBy("io.gatun.perf..")
            .ensureAllClassesAreContainedInArchitecture()
            .whereLayer("core")
            .mayNotAccessAnyLayer()
            .whereLayer("bindings")
            .mayNotAccessAnyLayer()
            .whereLayer("simd")
            .mayOnlyAccessLayers("core")
            .whereLayer("native")
            .mayOnlyAccessLayers("core", "bindings")
            .whereLayer("autograd")
            .mayOnlyAccessLayers("core")
            .whereLayer("nn")
            .mayOnlyAccessLayers("autograd", "core")
            .whereLayer("perf")
            .mayOnlyAccessLayers("core", "simd", "native", "autograd", "nn");

    @ArchTest
    static final ArchRule NO_SYSTEM_OUT = noClasses()
            .that()
            .resideOutsideOfPackages("io.gatun.perf..", "io.gatun.bindings..")
            .should()
            .accessField(System.class, "out")
            .because("a library is silent; only the command line prints");

    @ArchTest
    static void everyPartWasSeen(JavaClasses classes) {
        for (String part : List.of("kernel", "simd", "bindings", "onednn", "autograd", "nn", "perf")) {
            assertThat(classes.stream().anyMatch(type -> type.getPackageName().startsWith("io.gatun." + part)))
                    .as("classes of io.gatun." + part)
                    .isTrue();
        }
    }

    /**
     * Read from the source: in class files try-with-resources catches Throwable too. A method handle declares Throwable,
     * so those who call one must catch it.
     */
    @Test
    void throwableIsCaughtOnlyWhereMethodHandlesAreInvoked() throws IOException {
        Pattern pattern = Pattern.compile("catch \\((final )?([\\w.]+ \\| )*(java\\.lang\\.)?Throwable\\b");
        Path root = Path.of("").toAbsolutePath().getParent();
        for (String module : List.of("core", "simd", "autograd", "nn", "perf")) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src/main/java"))) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    String source = Files.readString(file);
                    assertThat(pattern.matcher(source).find() && !source.contains(".invokeExact("))
                            .as("%s catches Throwable", root.relativize(file))
                            .isFalse();
                }
            }
        }
    }
}
