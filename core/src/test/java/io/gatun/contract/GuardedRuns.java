package io.gatun.contract;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NoKernelException;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.spec.Spec;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The forked JVM of {@link GuardPages}: names each spec before it runs it, so that a crash can be told. */
final class GuardedRuns {
    private final Kernels kernels;
    private final String backend;
    private final PrintStream out;
    private int ran;
    private int wrong;

    private GuardedRuns(Kernels kernels, String backend, PrintStream out) {
        this.kernels = kernels;
        this.backend = backend;
        this.out = out;
    }

    /** Arguments: the backend, the names of the families joined by commas. Exits with 1 if a result is wrong. */
    public static void main(String[] arguments) {
        List<String> names = List.of(arguments[1].split(","));
        int wrong;
        try (Kernels kernels = Kernels.open(arguments[0], 2)) {
            GuardedRuns runs = new GuardedRuns(kernels, arguments[0], System.out);
            for (Family<?> family : Families.ALL) {
                if (names.contains(family.name())) {
                    runs.family(family);
                }
            }
            runs.out.println("guarded runs: " + runs.ran + " ran, " + runs.wrong + " wrong");
            wrong = runs.wrong;
        }
        System.exit(wrong == 0 ? 0 : 1);
    }

    private void family(Family<?> family) {
        for (Spec spec : KernelContract.small(family)) {
            Plan forward = null;
            Plan plan;
            try {
                Spec forwardSpec = family.anyForwardOf(spec);
                forward = forwardSpec == null ? null : kernels.plan(forwardSpec);
                plan = forward == null ? kernels.plan(spec) : kernels.plan(spec, forward);
            } catch (NoKernelException e) {
                continue; // refused: the contract counts these
            }
            if (!plan.backend().equals(backend)) {
                continue;
            }
            for (boolean end : new boolean[] {true, false}) {
                out.println(spec + (end ? " (ends at a guard page)" : " (starts at a guard page)"));
                run(family, plan, forward, end);
            }
        }
    }

    private void run(Family<?> family, Plan plan, Plan forward, boolean end) {
        try (MappedPages pages = new MappedPages()) {
            Run.Allocator guarded = (bytes, operand) -> new Run.Placed(pages.map(bytes, alignment(operand), end), null);
            Inputs inputs = family.anyInputs(plan.spec(), false, new SplittableRandom(KernelContract.SEED));
            Map<String, Expected> expected = family.anyExpected(plan.spec(), inputs);
            Run before = forward == null ? null : new Run(forward, inputs, null, guarded).execute();
            String different = new Run(plan, inputs, before, guarded).execute().wrong(expected, 1);
            ran++;
            if (different != null) {
                wrong++;
                out.println("wrong: " + different);
            }
        }
    }

    private static long alignment(Operand operand) {
        return operand.access() == Operand.Access.WORKSPACE
                ? 64
                : operand.type().bytes();
    }
}
