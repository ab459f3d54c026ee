package io.gatun.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.golden.GoldenFile;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A hundred steps of each schedule against torch.optim.lr_scheduler; {@code optimizers_all.py} wrote the numbers. */
class ScheduleTest {
    private static final int STEPS = 100;

    private static Schedule schedule(String name) {
        float rate = 0.1f;
        return switch (name) {
            case "step" -> Schedule.steps(rate, 17, 0.3f);
            case "multistep" -> Schedule.multiStep(rate, 0.2f, 10, 35, 80);
            case "exponential" -> Schedule.exponential(rate, 0.97f);
            case "linear" -> Schedule.linear(rate, 0.25f, 0.75f, 40);
            case "polynomial" -> Schedule.polynomial(rate, 60, 2);
            case "cosine" -> Schedule.cosineAnnealing(rate, 0.001f, 40);
            case "restarts" -> Schedule.cosineWarmRestarts(rate, 0.001f, 10, 2);
            case "restarts-same" -> Schedule.cosineWarmRestarts(rate, 0, 15, 1);
            case "triangular" -> Schedule.cyclic(0.01f, rate, 8, 12, Schedule.CycleMode.TRIANGULAR, 1);
            case "triangular2" -> Schedule.cyclic(0.01f, rate, 10, 10, Schedule.CycleMode.TRIANGULAR2, 1);
            case "exp-range" -> Schedule.cyclic(0.01f, rate, 10, 10, Schedule.CycleMode.EXP_RANGE, 0.98f);
            case "onecycle" -> Schedule.oneCycle(rate, 100);
            case "onecycle-linear" ->
                Schedule.oneCycle(rate, 100, new Schedule.OneCycleOptions(0.4f, 10, 100, true, false));
            case "onecycle-three" ->
                Schedule.oneCycle(rate, 100, new Schedule.OneCycleOptions(0.25f, 25, 1e4f, false, true));
            case "sequential" ->
                Schedule.sequential(List.of(Schedule.constant(0.01f), Schedule.exponential(rate, 0.9f)), List.of(20L));
            case "chained" -> Schedule.chained(Schedule.exponential(rate, 0.98f), Schedule.multiStep(0.5f, 2, 30));
            case "lambda" -> Schedule.lambda(rate, "1/sqrt(t+1)", t -> 1 / Math.sqrt(t + 1.0));
            default -> throw new AssertionError(name);
        };
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "step",
                "multistep",
                "exponential",
                "linear",
                "polynomial",
                "cosine",
                "restarts",
                "restarts-same",
                "triangular",
                "triangular2",
                "exp-range",
                "onecycle",
                "onecycle-linear",
                "onecycle-three",
                "sequential",
                "chained",
                "lambda"
            })
    void aHundredStepsAsInPyTorch(String name) {
        try (GoldenFile golden = GoldenFile.of(ScheduleTest.class, "optimizers.safetensors")) {
            float[] wanted = golden.floats("schedule/" + name);
            Schedule schedule = schedule(name);
            for (int t = 0; t < STEPS; t++) {
                assertThat(schedule.learningRate(t))
                        .as("%s at step %d", schedule, t)
                        .isCloseTo(wanted[t], within(2e-8f + 3e-6f * wanted[t]));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "multistep | multistep rate=0.1 factor=0.2 milestones=[10, 35, 80]",
                "exponential | exponential rate=0.1 factor=0.97",
                "linear | linear rate=0.1 start=0.25 end=0.75 total=40",
                "polynomial | polynomial rate=0.1 total=60 power=2.0",
                "cosine | cosineannealing rate=0.1 minimum=0.001 half=40",
                "restarts | cosinerestarts rate=0.1 minimum=0.001 first=10 growth=2",
                "triangular | cyclic base=0.01 peak=0.1 up=8 down=12 mode=TRIANGULAR gamma=1.0",
                "onecycle-linear | onecycle peak=0.1 total=100 up=0.4 divide=10.0 finalDivide=100.0 linear",
                "sequential | sequential [constant rate=0.01, exponential rate=0.1 factor=0.9] milestones=[20]",
                "chained | chained (exponential rate=0.1 factor=0.98)"
                        + " [multistep rate=0.5 factor=2.0 milestones=[30]]",
                "lambda | lambda rate=0.1 1/sqrt(t+1)"
            })
    void schedulesPrintThemselves(String name, String line) {
        assertThat(schedule(name)).hasToString(line);
    }

    @Test
    void warmUpRisesToTheScheduleThatFollows() {
        Schedule warm = Schedule.warmUp(4, Schedule.cosineAnnealing(0.2f, 0, 16));
        Schedule known = Schedule.cosine(0.2f, 4, 20);
        for (int t = 0; t < 20; t++) {
            assertThat(warm.learningRate(t)).as("step %d", t).isCloseTo(known.learningRate(t), within(1e-8f));
        }
        assertThat(warm).hasToString("warmup steps=4 (cosineannealing rate=0.2 minimum=0.0 half=16)");
    }

    @Test
    void everyMakesStepsEpochs() {
        Schedule epochs = Schedule.every(390, Schedule.steps(0.1f, 30, 0.1f));
        assertThat(epochs.learningRate(390 * 30 - 1)).isEqualTo(0.1f);
        assertThat(epochs.learningRate(390 * 30)).isCloseTo(0.01f, within(1e-8f));
        assertThat(epochs).hasToString("every 390 (steps rate=0.1 every=30 factor=0.1)");
    }

    @Test
    void theRateScalesWithTheBatch() {
        assertThat(Schedule.scaled(0.1f, 256, 8192)).isEqualTo(3.2f);
        assertThatThrownBy(() -> Schedule.scaled(0.1f, 0, 8)).hasMessageContaining("a batch of 0");
    }

    @Test
    void nonsenseIsRefused() {
        List<Supplier<Schedule>> nonsense = List.of(
                () -> Schedule.constant(-1),
                () -> Schedule.multiStep(0.1f, 0.1f, 10, 10),
                () -> Schedule.exponential(0.1f, 0),
                () -> Schedule.linear(0.1f, 1, 0, 0),
                () -> Schedule.polynomial(0.1f, 10, 0),
                () -> Schedule.cosineAnnealing(0.1f, -1, 10),
                () -> Schedule.cosineWarmRestarts(0.1f, 0, 0, 2),
                () -> Schedule.cyclic(0.1f, 1, 0, 1, Schedule.CycleMode.TRIANGULAR, 1),
                () -> Schedule.oneCycle(0.1f, 0),
                () -> Schedule.oneCycle(0.1f, 10, new Schedule.OneCycleOptions(2, 25, 1, false, false)),
                () -> Schedule.warmUp(-1, Schedule.constant(1)),
                () -> Schedule.sequential(List.of(Schedule.constant(1)), List.of(3L)),
                () -> Schedule.every(0, Schedule.constant(1)));
        for (Supplier<Schedule> one : nonsense) {
            assertThatThrownBy(one::get).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static Plateau.Options plateau(String name) {
        return switch (name) {
            case "plateau" -> Plateau.Options.DEFAULT;
            case "plateau-options" -> new Plateau.Options(0.5f, 3, 0.01f, false, 2, 0.003f, false);
            case "plateau-max" -> new Plateau.Options(0.3f, 5, 0.05f, true, 0, 0, true);
            default -> throw new AssertionError(name);
        };
    }

    /** Observed each step, saved and resumed in the middle. */
    @ParameterizedTest
    @ValueSource(strings = {"plateau", "plateau-options", "plateau-max"})
    void plateauAsInPyTorch(String name) {
        NativeMemory memory = NativeMemory.standard();
        try (GoldenFile golden = GoldenFile.of(ScheduleTest.class, "optimizers.safetensors");
                Kernels kernels = Kernels.open("simd", 1);
                Arena arena = Arena.ofConfined();
                GoldenModel model = GoldenModel.make(memory);
                Optimizer first = sgd(kernels, memory, model);
                Optimizer second = sgd(kernels, memory, model);
                Plateau before = new Plateau(memory, first, plateau(name));
                Plateau after = new Plateau(memory, second, plateau(name))) {
            float[] wanted = golden.floats("schedule/" + name);
            float[] metric = golden.floats("plateau/metric");
            for (int t = 0; t < STEPS; t++) {
                if (t == 47) {
                    var saved = OptimizerOptionsTest.saved(arena, first.save());
                    second.load(saved::get, first.steps());
                }
                Optimizer optimizer = t < 47 ? first : second;
                assertThat(optimizer.learningRate()).as("step %d", t).isCloseTo(wanted[t], within(3e-6f * wanted[t]));
                boolean lowered = (t < 47 ? before : after).observe(metric[t]);
                assertThat(lowered).isEqualTo(t + 1 < STEPS && wanted[t + 1] < wanted[t]);
            }
            assertThat(after.factor()).isLessThan(1);
        }
    }

    private static Optimizer sgd(Kernels kernels, NativeMemory memory, GoldenModel model) {
        return new Sgd(kernels, memory, model.parameters(), Schedule.constant(0.1f), Sgd.Options.PLAIN);
    }
}
