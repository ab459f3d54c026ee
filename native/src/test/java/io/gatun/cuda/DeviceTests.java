package io.gatun.cuda;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintStream;
import java.util.Arrays;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs test classes without Maven, on a machine that has a GPU and not much else. */
public final class DeviceTests implements TestExecutionListener {
    private static final int FRAMES = 3;

    private final PrintStream out;
    private int passed;
    private int failed;
    private int skipped;

    DeviceTests(PrintStream out) {
        this.out = out;
    }

    /** Runs the classes of these names; the exit code is 1 if a test failed or none passed. */
    public static void main(String[] classes) {
        System.exit(new DeviceTests(System.out).run(classes) ? 0 : 1);
    }

    /** Whether no test of these classes failed and at least one passed. */
    boolean run(String... classes) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(Arrays.stream(classes).map(name -> selectClass(name)).toList())
                .build();
        LauncherFactory.create().execute(request, this);
        out.println(passed + " passed, " + failed + " failed, " + skipped + " skipped");
        return failed == 0 && passed > 0;
    }

    @Override
    public synchronized void executionSkipped(TestIdentifier test, String reason) {
        skipped(test, reason);
    }

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
        Throwable thrown = result.getThrowable().orElse(null);
        switch (result.getStatus()) {
            case SUCCESSFUL -> passed += test.isTest() ? 1 : 0;
            case ABORTED -> skipped(test, thrown == null ? "no reason given" : thrown.getMessage());
            case FAILED -> {
                failed++;
                out.println("FAILED " + name(test));
                explain(thrown);
            }
        }
    }

    /** Each exception with the frames that are ours: a report quotes the last lines of this, and JUnit has many of its own. */
    private void explain(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            out.println("  " + cause);
            Arrays.stream(cause.getStackTrace())
                    .filter(frame -> frame.getClassName().startsWith("io.gatun."))
                    .limit(FRAMES)
                    .forEach(frame -> out.println("    at " + frame));
        }
    }

    private void skipped(TestIdentifier test, String reason) {
        skipped++;
        out.println("SKIPPED " + name(test) + ": " + reason);
    }

    /** {@code CudaGemmContractTest: agreesWithR64(): gemm}. */
    private static String name(TestIdentifier test) {
        StringBuilder name = new StringBuilder();
        test.getUniqueIdObject().getSegments().stream().skip(1).forEach(segment -> name.append(
                        name.isEmpty() ? "" : ": ")
                .append(segment.getValue().replaceFirst(".*\\.", "")));
        return name + " " + test.getDisplayName();
    }
}
