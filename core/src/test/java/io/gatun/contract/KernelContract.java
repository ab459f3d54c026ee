package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NoKernelException;
import io.gatun.kernel.Plan;
import io.gatun.spec.Spec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * What every backend's kernels must do, proven against the double-precision oracles {@code R64*}. A backend's module
 * depends on core's test jar and writes
 *
 * <pre>{@code
 * @Tag("widths")
 * class SimdContractTest extends KernelContract {
 *     @Override protected String backend() { return "simd"; }
 *     @Override protected Set<Class<? extends Spec>> bitwiseEqualToReference() { return families(); }
 *     @Override protected boolean sameBitsForAnyThreads() { return true; }
 * }
 * }</pre>
 *
 * and, while it has kernels for some families only, overrides {@link #families()}. A spec that the backend refuses is
 * counted and skipped; a family of which it takes nothing fails, unless it is not in {@link #mustOffer()}.
 *
 * <p>Everything follows from one seed ({@code -Dgatun.seed=…}, printed with every failure). What ran, was exact and was refused, and
 * the largest error, stands in {@code target/contract}. A failure prints the spec's line, shrunk;
 * {@code -Dgatun.contract.spec="gemm f32 m=3 …"} runs that line alone.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class KernelContract {
    static final long SEED = Long.getLong("gatun.seed", 20_251_121);

    /** Draws only what the interpreter gets through in seconds: it is some fifty times slower than C2. */
    static final boolean SMALL = Boolean.getBoolean("gatun.contract.small");

    /** The skew at which floats lie at a multiple of 16 bytes, which some kernels load at once. */
    private static final int ALIGNED = 3;

    /** Multiply-adds, or elements moved, that one case may have then. */
    private static final double SMALL_WORK = 3_000;

    /** Cases of one family then. */
    private static final int SMALL_COUNT = 40;

    private Kernels kernels;
    private Kernels reference;
    private final List<String> summary = Collections.synchronizedList(new ArrayList<>());

    /** The backend under test. */
    protected abstract String backend();

    /** What the kernels are opened as: the backend, or one that it comes before. */
    protected String preference() {
        return backend();
    }

    /** The families to run; all by default. */
    protected Set<Class<? extends Spec>> families() {
        return Families.ALL.stream().map(f -> f.type).collect(Collectors.toUnmodifiableSet());
    }

    /** Families of which the backend must take at least one spec; all that are run by default. */
    protected Set<Class<? extends Spec>> mustOffer() {
        return families();
    }

    /** Whether the backend may refuse this spec; it may by default. */
    protected boolean mayRefuse(Spec spec) {
        return true;
    }

    /** Families that give the bits of the reference backend; those count that have {@link Family#bitwise}. */
    protected Set<Class<? extends Spec>> bitwiseEqualToReference() {
        return Set.of();
    }

    /** Whether 1, 2, 3 and 7 threads give the same bits. */
    protected boolean sameBitsForAnyThreads() {
        return false;
    }

    /** Whether large problems are cut into pieces for several threads. */
    protected boolean cutsForThreads() {
        return true;
    }

    /** Whether an LSTM over a part of a sequence gives the bits that it gives over the whole. */
    protected boolean sameBitsAtAnyLength() {
        return true;
    }

    /** Of how many specs one is tried; more than 1 where a kernel takes long, as emulated ones do, or ran before. */
    protected int every() {
        return 1;
    }

    /** The first one that is. */
    protected int from() {
        return 0;
    }

    /** The same of the small specs that special values are put into. */
    protected int everySpecial() {
        return 1;
    }

    private List<? extends Spec> thinned(List<? extends Spec> all) {
        return IntStream.range(0, all.size())
                .filter(i -> i % every() == from())
                .mapToObj(all::get)
                .toList();
    }

    /** A factor on every tolerance, for a reason that the override states. */
    protected double looseness(Spec spec) {
        return 1;
    }

    @BeforeAll
    void open() {
        kernels = Kernels.open(preference(), 2);
        reference = Kernels.open("reference", 1);
        summary.add("backend " + backend() + ", seed " + SEED);
    }

    @AfterAll
    void close() throws IOException {
        Path report = Path.of("target", "contract", getClass().getSimpleName() + variant() + ".txt");
        Files.createDirectories(report.getParent());
        Files.write(report, summary);
        for (Kernels opened : new Kernels[] {kernels, reference}) {
            if (opened != null) {
                opened.close();
            }
        }
    }

    /** Vector width, interpreter and oneDNN's instruction set, where the run names them. */
    private static String variant() {
        String isa = System.getenv("ONEDNN_MAX_CPU_ISA");
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                        .filter(a -> a.startsWith("-XX:MaxVectorSize=") || a.equals("-Xint"))
                        .map(a -> a.replace("-XX:MaxVectorSize=", "-"))
                        .collect(Collectors.joining())
                + (isa == null ? "" : "-" + isa);
    }

    /**
     * Every spec of every family: on integers with tolerance 0 where these make the result exact, and on reals all
     * others and half of these. So half of all cases of matrix products, pools, sums and copies are exact, or more.
     */
    @TestFactory
    Stream<DynamicTest> agreesWithR64() {
        return forEachFamily("agreesWithR64", (family, tried) -> {
            SplittableRandom coin = new SplittableRandom(SEED);
            SplittableRandom places = new SplittableRandom(SEED);
            for (Spec spec : thinned(specs(family))) {
                int skew = places.nextInt(ALIGNED + 1);
                boolean exact = family.anyExactable(spec) && tryOne(family, spec, true, skew, tried);
                if (!exact || coin.nextBoolean()) {
                    tryOne(family, spec, false, skew, tried);
                }
            }
        });
    }

    /** NaN in, NaN out; zeros of both signs, subnormal numbers, infinities, and rows that overflow. */
    @TestFactory
    Stream<DynamicTest> specialValues() {
        return forEachFamily("specialValues", (family, tried) -> {
            SplittableRandom random = new SplittableRandom(SEED);
            List<? extends Spec> chosen = small(family);
            for (int i = 0; i < chosen.size(); i += everySpecial()) {
                Spec spec = chosen.get(i);
                Plan plan = plan(kernels, family, spec, tried);
                if (plan == null) {
                    continue;
                }
                for (Inputs inputs : withSpecials(family, spec, random)) {
                    compare(family, plan, inputs, 0, tried);
                }
            }
            List<? extends Map.Entry<? extends Spec, Inputs>> cases =
                    family.specialCases(random).toList();
            for (int i = 0; i < cases.size(); i += SMALL ? 5 : 1) {
                Map.Entry<? extends Spec, Inputs> special = cases.get(i);
                Plan plan = plan(kernels, family, special.getKey(), tried);
                if (plan != null) {
                    compare(family, plan, special.getValue(), 1, tried);
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> elementwiseBitsAreThoseOfTheReference() {
        return forEachFamily("elementwiseBitsAreThoseOfTheReference", (family, tried) -> {
                    if (bitwise(family)) {
                        for (Spec spec : specs(family)) {
                            sameBits(family, spec, ALIGNED, 2, tried, reference);
                        }
                    }
                })
                .filter(test -> Families.ALL.stream()
                        .anyMatch(f -> bitwise(f) && f.name().equals(test.getDisplayName())));
    }

    private boolean bitwise(Family<?> family) {
        return family.bitwise() && bitwiseEqualToReference().contains(family.type);
    }

    @TestFactory
    Stream<DynamicTest> anyNumberOfThreadsGivesTheSameBits() {
        if (!sameBitsForAnyThreads() || SMALL) {
            return Stream.empty();
        }
        return forEachFamily("anyNumberOfThreadsGivesTheSameBits", (family, tried) -> {
            List<? extends Spec> specs = thinned(specs(family));
            try (Kernels one = Kernels.open(preference(), 1);
                    Kernels three = Kernels.open(preference(), 3);
                    Kernels seven = Kernels.open(preference(), 7)) {
                for (int i = 0; i < specs.size(); i++) {
                    if (i % 3 != 0 && !worthSharing(specs.get(i))) {
                        continue;
                    }
                    sameBits(family, specs.get(i), 0, 2, tried, one, three, seven);
                }
            }
        });
    }

    /**
     * For a given machine and number of threads: kernels opened anew give the same bits again. Large problems are compared
     * where threads could make a difference and {@link #anyNumberOfThreadsGivesTheSameBits} has not compared them already.
     */
    @TestFactory
    Stream<DynamicTest> aSecondRunGivesTheSameBits() {
        if (SMALL) {
            return Stream.empty();
        }
        boolean large = cutsForThreads() && !sameBitsForAnyThreads();
        return forEachFamily("aSecondRunGivesTheSameBits", (family, tried) -> {
            List<? extends Spec> specs = thinned(specs(family));
            try (Kernels again = Kernels.open(preference(), kernels.threads())) {
                for (int i = 0; i < specs.size(); i++) {
                    if (i % 3 == 1 || large && worthSharing(specs.get(i))) {
                        sameBits(family, specs.get(i), 0, 0, tried, again);
                    }
                }
            }
        });
    }

    /** Large enough that a kernel will really cut it into pieces. */
    private static boolean worthSharing(Spec spec) {
        return spec.flops() > 1e6 || spec.bytes() > 1e5;
    }

    @TestFactory
    Stream<DynamicTest> adjointIdentities() {
        return Identities.adjoint(this, kernels).filter(test -> runs(test.getDisplayName()));
    }

    @TestFactory
    Stream<DynamicTest> metamorphic() {
        return Identities.metamorphic(this, kernels).filter(test -> runs(test.getDisplayName()));
    }

    /** 8 platform and 64 virtual threads on one plan, each with its own buffers. */
    @TestFactory
    Stream<DynamicTest> onePlanServesManyThreads() {
        if (SMALL) {
            return Stream.empty();
        }
        return forEachFamily("onePlanServesManyThreads", (family, tried) -> {
            for (Spec spec : small(family)) {
                Plan plan = tried.count() < 3 ? plan(kernels, family, spec, tried) : null;
                if (plan != null) {
                    ManyThreads.run(family, plan, forwardPlan(kernels, family, spec), looseness(spec), tried);
                }
            }
        });
    }

    private boolean runs(String testName) {
        return families().stream().map(Families::of).anyMatch(f -> testName.startsWith(f.name()));
    }

    private Stream<DynamicTest> forEachFamily(String what, BiConsumer<Family<?>, Tried> test) {
        return Families.ALL.stream()
                .filter(f -> families().contains(f.type))
                .map(family -> DynamicTest.dynamicTest(family.name(), () -> {
                    Tried tried = new Tried();
                    test.accept(family, tried);
                    summary.add(what + ", " + family.name() + ": " + tried);
                    tried.assertNoFailure();
                    if (mustOffer().contains(family.type) && System.getProperty("gatun.contract.spec") == null) {
                        assertThat(tried.count())
                                .as(
                                        "%s must take some %s specs; it says: %s",
                                        backend(), family.name(), tried.refusal())
                                .isPositive();
                    }
                }));
    }

    private static List<? extends Spec> specs(Family<?> family) {
        String only = System.getProperty("gatun.contract.spec");
        if (only != null) {
            Spec spec = Spec.parse(only);
            return family.type.isInstance(spec) ? List.of(spec) : List.of();
        }
        List<? extends Spec> all = family.specs(new SplittableRandom(SEED));
        return SMALL ? few(all) : all;
    }

    /** Of those that are small, some spread over the list. */
    private static List<? extends Spec> few(List<? extends Spec> all) {
        List<? extends Spec> quick =
                all.stream().filter(KernelContract::fewSteps).toList();
        int every = 1 + quick.size() / SMALL_COUNT;
        return IntStream.range(0, quick.size())
                .filter(i -> i % every == 0)
                .mapToObj(quick::get)
                .toList();
    }

    private static boolean fewSteps(Spec spec) {
        return Math.max(spec.flops() / 2, spec.bytes() / 4.0) <= SMALL_WORK;
    }

    /** A few specs of moderate size, of which at most every 7th, spread over the list. */
    static List<? extends Spec> small(Family<?> family) {
        List<Spec> small = new ArrayList<>();
        List<? extends Spec> all = specs(family);
        int index = 0;
        for (Spec spec : all) {
            double elements =
                    spec.operands().stream().mapToLong(o -> o.elements()).sum();
            if (elements > 24 && elements < 3000 && index++ % (SMALL ? 3 : 7) == 0 && small.size() < (SMALL ? 6 : 24)) {
                small.add(spec);
            }
        }
        // A family of a few numbers has nothing larger.
        return small.isEmpty() ? all.subList(0, Math.min(3, all.size())) : small;
    }

    /** Each special value in each input; for the interpreter each value in one of the inputs, in turn. */
    private static List<Inputs> withSpecials(Family<?> family, Spec spec, SplittableRandom random) {
        List<Inputs> all = new ArrayList<>();
        Inputs base = family.anyInputs(spec, false, random);
        List<String> inputs = base.all().keySet().stream()
                .filter(name -> base.get(name).length > 0 && family.anyTakesSpecials(spec, name))
                .toList();
        for (int i = 0; i < inputs.size(); i++) {
            int length = base.get(inputs.get(i)).length;
            for (int j = SMALL ? i : 0; j < SpecialValues.ALL.length; j += SMALL ? inputs.size() : 1) {
                all.add(base.with(inputs.get(i), random.nextInt(length), SpecialValues.ALL[j]));
            }
        }
        return all;
    }

    /** Whether the case ran and may be trusted. */
    private boolean tryOne(Family<?> family, Spec spec, boolean exact, int skew, Tried tried) {
        Plan plan = plan(kernels, family, spec, tried);
        if (plan == null) {
            return false;
        }
        Inputs inputs = family.anyInputs(spec, exact, new SplittableRandom(SEED));
        Map<String, Expected> expected = family.anyExpected(spec, inputs);
        if (exact && family.mistrusts(expected)) {
            tried.mistrusted();
            return false;
        }
        tried.ran(exact);
        String wrong = wrong(family, plan, inputs, expected, skew, tried);
        if (wrong != null) {
            Spec smallest = tried.shows() ? Shrink.smallest(spec, s -> fails(family, s, exact, skew)) : spec;
            tried.failed("\"" + smallest + "\" on " + plan.implementation() + (exact ? ", exact" : "")
                    + (smallest == spec ? ": " : ", first seen with \"" + spec + "\": ") + wrong);
        }
        return true;
    }

    private boolean fails(Family<?> family, Spec spec, boolean exact, int skew) {
        Plan plan = plan(kernels, family, spec, new Tried());
        if (plan == null) {
            return false;
        }
        Inputs inputs = family.anyInputs(spec, exact, new SplittableRandom(SEED));
        return wrong(family, plan, inputs, family.anyExpected(spec, inputs), skew, new Tried()) != null;
    }

    private void compare(Family<?> family, Plan plan, Inputs inputs, int skew, Tried tried) {
        tried.ran(false);
        String wrong = wrong(family, plan, inputs, family.anyExpected(plan.spec(), inputs), skew, new Tried());
        if (wrong != null) {
            tried.failed("\"" + plan.spec() + "\" on " + plan.implementation() + ", with " + SpecialValues.in(inputs)
                    + ": " + wrong);
        }
    }

    private String wrong(
            Family<?> family, Plan plan, Inputs inputs, Map<String, Expected> expected, int skew, Tried tried) {
        try (Arena arena = Arena.ofConfined()) {
            Run run = new Run(arena, plan, inputs, skew, forwardRun(arena, kernels, family, plan.spec(), inputs));
            String wrong = run.execute().wrong(expected, looseness(plan.spec()));
            if (wrong == null) {
                wrong = family.anyBroken(plan.spec(), run::values);
            }
            if (wrong == null) {
                expected.forEach((name, output) -> tried.error(
                        Comparison.largest(run.values(name), output), Comparison.sum(run.values(name), output)));
            }
            return wrong;
        }
    }

    /** The bits of {@link #kernels} on buffers shifted by {@code firstSkew}, once, and of each other one by {@code skew}. */
    private void sameBits(Family<?> family, Spec spec, int firstSkew, int skew, Tried tried, Kernels... others) {
        Plan plan = plan(kernels, family, spec, tried);
        if (plan == null) {
            return;
        }
        Inputs inputs = family.anyInputs(spec, false, new SplittableRandom(SEED));
        byte[] bits = outputs(family, kernels, plan, inputs, firstSkew);
        for (Kernels other : others) {
            Plan again = plan(other, family, spec, tried);
            if (again == null) {
                continue;
            }
            tried.ran(false);
            byte[] found = outputs(family, other, again, inputs, skew);
            if (!Arrays.equals(bits, found)) {
                tried.failed("\"" + spec + "\": " + plan.implementation() + " and " + again.implementation()
                        + " differ in their bits, first at byte " + Arrays.mismatch(bits, found) + " of the outputs ("
                        + kernels.threads() + " and " + other.threads() + " threads)");
            }
        }
    }

    private static byte[] outputs(Family<?> family, Kernels from, Plan plan, Inputs inputs, int skew) {
        try (Arena arena = Arena.ofConfined()) {
            Run forward = forwardRun(arena, from, family, plan.spec(), inputs);
            return new Run(arena, plan, inputs, skew, forward).execute().outputs();
        }
    }

    /** The backend's own plan, or null where another one would run or none. */
    Plan plan(Kernels from, Family<?> family, Spec spec, Tried tried) {
        String wanted = from == reference ? "reference" : backend();
        String refusal;
        try {
            Plan forward = forwardPlan(from, family, spec);
            Plan plan = forward == null ? from.plan(spec) : from.plan(spec, forward);
            if (plan.backend().equals(wanted)) {
                return plan;
            }
            refusal = from.explain(spec).answers().stream()
                    .filter(a -> a.backend().equals(wanted))
                    .map(a -> a.toString())
                    .collect(Collectors.joining());
        } catch (NoKernelException e) {
            refusal = e.getMessage().replace('\n', ' ');
        }
        tried.refused(spec + ": " + refusal);
        if (wanted.equals(backend()) && !mayRefuse(spec)) {
            tried.failed("\"" + spec + "\" may not be refused: " + refusal);
        }
        return null;
    }

    private static Plan forwardPlan(Kernels from, Family<?> family, Spec spec) {
        Spec forward = family.anyForwardOf(spec);
        return forward == null ? null : from.plan(forward);
    }

    private static Run forwardRun(Arena arena, Kernels from, Family<?> family, Spec spec, Inputs inputs) {
        Plan forward = forwardPlan(from, family, spec);
        return forward == null ? null : new Run(arena, forward, inputs, 0, null).execute();
    }
}
