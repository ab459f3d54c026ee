package io.gatun.nn.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.nn.io.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyTest {
    private static final Space SPACE = Space.empty()
            .logReal("lr", 1e-4, 1)
            .real("dropout", 0, 0.5)
            .whole("units", 32, 512, 32)
            .choice("activation", "relu", "tanh", "gelu");

    @TempDir
    private Path folder;

    /** Best at lr = 0.01, dropout = 0.1, 256 units and tanh, where it is 0. */
    private static double valley(Trial trial) {
        double lr = Math.log10(trial.real("lr")) + 2;
        double dropout = (trial.real("dropout") - 0.1) * 4;
        double units = (trial.whole("units") - 256) / 240.0;
        double word = trial.choice("activation").equals("tanh") ? 0 : 0.5;
        return lr * lr + dropout * dropout + units * units + word;
    }

    private static Study.Result run(Strategy strategy, long seed) throws Exception {
        return new Study(SPACE, strategy, seed).run(StudyTest::valley);
    }

    private static List<Map<String, Object>> values(Study.Result result) {
        return result.outcomes().stream().map(Outcome::values).toList();
    }

    @Test
    void aGridHasEveryCombinationOnce() throws Exception {
        Space small = Space.empty().real("x", 0, 1).whole("n", 1, 2, 1).choice("c", "a", "b");
        Study.Result result = new Study(small, Strategy.grid(3), 1).run(trial -> trial.real("x") + trial.whole("n"));
        assertThat(result.outcomes()).hasSize(12);
        assertThat(new HashSet<>(values(result))).hasSize(12);
        assertThat(values(result).get(1)).isEqualTo(Map.of("x", 0.0, "n", 1L, "c", "b"));
        assertThat(values(result).getLast()).isEqualTo(Map.of("x", 1.0, "n", 2L, "c", "b"));
        assertThat(result.best().orElseThrow().number()).isZero();
        assertThat(new Study(small, Strategy.grid(3), 1)
                        .maximize()
                        .run(trial -> trial.real("x") + trial.whole("n"))
                        .best()
                        .orElseThrow()
                        .number())
                .as("the first of two equals")
                .isEqualTo(10);
    }

    @Test
    void drawsAreSeededAndFillTheirRanges() throws Exception {
        Study.Result result = run(Strategy.random(4000), 7);
        assertThat(values(run(Strategy.random(20), 7)))
                .isEqualTo(values(result).subList(0, 20))
                .isNotEqualTo(values(run(Strategy.random(20), 8)));
        int[] decades = new int[4];
        int[] units = new int[16];
        for (Map<String, Object> values : values(result)) {
            assertThat((Double) values.get("dropout")).isBetween(0.0, 0.5);
            decades[(int) Math.floor(Math.log10((Double) values.get("lr")) + 4)]++;
            units[(int) ((Long) values.get("units") / 32 - 1)]++;
        }
        assertThat(Arrays.stream(decades)).as("each factor of ten alike").allMatch(n -> Math.abs(n - 1000) < 130);
        assertThat(Arrays.stream(units)).as("32 to 512 by 32").allMatch(n -> Math.abs(n - 250) < 75);
    }

    /** What a strategy is for: over ten seeds, the median of its best is well below that of random draws. */
    @Test
    void parzenEstimatorsAndEvolutionBeatRandomDraws() throws Exception {
        double random = median(Strategy.random(60));
        double tpe = median(Strategy.tpe(60));
        double evolution = median(Strategy.evolution(60, 12));
        assertThat(tpe).as("tpe against %s", random).isLessThan(0.5 * random);
        assertThat(evolution).as("evolution against %s", random).isLessThan(0.75 * random);
    }

    private static double median(Strategy strategy) throws Exception {
        double[] best = new double[10];
        for (int seed = 0; seed < best.length; seed++) {
            best[seed] = run(strategy, seed).best().orElseThrow().score();
        }
        Arrays.sort(best);
        return best[5];
    }

    @Test
    void halvingKeepsTheBestWithLargerBudgets() throws Exception {
        List<String> seen = new ArrayList<>();
        Study.Result result = new Study(Space.empty().real("x", 0, 1), Strategy.halving(9, 1, 100, 3), 5)
                .maximize()
                .run(trial -> {
                    seen.add(trial.number() + "@" + trial.budget());
                    return trial.real("x");
                });
        assertThat(seen).hasSize(13).startsWith("0@1", "1@1").contains("8@1");
        List<Integer> sorted = IntStream.range(0, 9)
                .boxed()
                .sorted(Collections.reverseOrder(java.util.Comparator.comparingDouble(
                        i -> result.outcomes().get(i).score())))
                .toList();
        assertThat(seen.subList(9, 12))
                .containsExactly(sorted.get(0) + "@3", sorted.get(1) + "@3", sorted.get(2) + "@3");
        assertThat(seen.getLast()).isEqualTo(sorted.get(0) + "@9");
        assertThat(result.best().orElseThrow().budget()).isEqualTo(9);
    }

    /** Table 1 of the paper, for R = 81 and eta = 3: sets and budgets of the rounds of each bracket. */
    @Test
    void hyperbandsBracketsAreThePapers() throws Exception {
        Study.Result result = new Study(SPACE, Strategy.hyperband(81, 3), 1).run(StudyTest::valley);
        List<String> rounds = new ArrayList<>();
        int count = 0;
        for (int i = 0; i < result.outcomes().size(); i++) {
            count++;
            boolean last = i + 1 == result.outcomes().size()
                    || result.outcomes().get(i + 1).budget()
                            != result.outcomes().get(i).budget();
            if (last) {
                rounds.add(count + "@" + result.outcomes().get(i).budget());
                count = 0;
            }
        }
        // The last round of a bracket and the only one of s = 0 have the same budget, and so stand together.
        assertThat(String.join(" ", rounds))
                .isEqualTo("81@1 27@3 9@9 3@27 1@81 27@3 9@9 3@27 1@81 9@9 3@27 1@81 6@27 7@81");
        Set<Integer> numbers = new HashSet<>();
        result.outcomes().forEach(outcome -> numbers.add(outcome.number()));
        assertThat(numbers).as("sets of values in all").hasSize(81 + 27 + 9 + 6 + 5);
    }

    @Test
    void trialsRunSideBySideAndDoNotDependOnTheirSpeed() throws Exception {
        CyclicBarrier both = new CyclicBarrier(2);
        Study.Result quick = new Study(SPACE, Strategy.tpe(20), 3).parallel(2).run(trial -> {
            both.await(20, TimeUnit.SECONDS);
            return valley(trial);
        });
        Study.Result slow = new Study(SPACE, Strategy.tpe(20), 3).parallel(2).run(trial -> {
            Thread.sleep(trial.number() % 2 == 0 ? 4 : 0);
            return valley(trial);
        });
        assertThat(values(quick)).isEqualTo(values(slow));
    }

    @Test
    void aFailedTrialIsNotedAndTheSearchGoesOn() throws Exception {
        Study.Result result = new Study(SPACE, Strategy.tpe(30), 3)
                .folder(folder)
                .run(trial -> {
                    if (trial.number() == 2) {
                        throw new IOException("no data");
                    }
                    return trial.number() == 4 ? Double.NaN : valley(trial);
                });
        assertThat(result.outcomes()).hasSize(30);
        assertThat(result.outcomes().get(2).failure()).isEqualTo("java.io.IOException: no data");
        assertThat(result.outcomes().get(4).failure()).isEqualTo("the score is NaN");
        assertThat(result.best().orElseThrow().failed()).isFalse();
        assertThat(Files.readString(folder.resolve("trials.jsonl")))
                .contains("\"failure\":\"java.io.IOException: no data\"");
    }

    @Test
    void aStudyGoesOnWhereItWasStopped() throws Exception {
        Study.Result whole = run(Strategy.evolution(24, 6), 11);
        AtomicInteger calls = new AtomicInteger();
        assertThatThrownBy(() -> new Study(SPACE, Strategy.evolution(24, 6), 11)
                        .folder(folder)
                        .run(trial -> {
                            if (calls.incrementAndGet() == 10) {
                                throw new AssertionError("the process dies");
                            }
                            return valley(trial);
                        }))
                .hasMessageContaining("the process dies");
        Path log = folder.resolve("trials.jsonl");
        // What was being written when it died is half a line.
        Files.writeString(log, Files.readString(log) + "{\"number\":9,\"bud");
        calls.set(0);
        Study.Result resumed = new Study(SPACE, Strategy.evolution(24, 6), 11)
                .folder(folder)
                .run(trial -> {
                    calls.incrementAndGet();
                    assertThat(Files.isDirectory(trial.folder())).isTrue();
                    return valley(trial);
                });
        assertThat(calls).hasValue(24 - 9);
        assertThat(values(resumed)).isEqualTo(values(whole));
        assertThat(resumed.best().orElseThrow().score())
                .isEqualTo(whole.best().orElseThrow().score());
        assertThatThrownBy(() -> new Study(SPACE, Strategy.evolution(24, 6), 12)
                        .folder(folder)
                        .run(StudyTest::valley))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("trials.jsonl")
                .hasMessageContaining("another folder");
    }

    @Test
    void ofTwoStudiesOnOneFolderTheSecondIsRefused() throws Exception {
        Study.Result result = new Study(SPACE, Strategy.random(1), 1)
                .folder(folder)
                .run(trial -> new Study(SPACE, Strategy.random(1), 1)
                        .folder(folder)
                        .run(StudyTest::valley)
                        .best()
                        .orElseThrow()
                        .score());
        assertThat(result.outcomes().getFirst().failure())
                .contains("trials.jsonl")
                .contains("another run is writing it");
    }

    @Test
    void aDamagedLogIsRefused() throws Exception {
        for (String line : List.of("x", "[]", "{\"number\":\"one\"}", "{}", "{\"trial\":1}", "{\"values\":3}")) {
            Files.writeString(folder.resolve("trials.jsonl"), line + "\n");
            assertThatThrownBy(() -> new Study(SPACE, Strategy.random(2), 1)
                            .folder(folder)
                            .run(StudyTest::valley))
                    .as(line)
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("trials.jsonl");
        }
    }

    @Test
    void placesAndValuesGoBothWays() {
        for (Dimension dimension : SPACE.dimensions()) {
            for (int i = 0; i <= 20; i++) {
                Object value = dimension.at(i / 20.0);
                assertThat(dimension.at(dimension.place(value)))
                        .as(dimension.name())
                        .satisfies(back -> {
                            if (value instanceof Double real) {
                                assertThat((Double) back).isCloseTo(real, within(1e-12));
                            } else {
                                assertThat(back).isEqualTo(value);
                            }
                        });
            }
        }
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> Space.empty().logReal("lr", 0, 1))
                .hasMessageContaining("lr: the range from 0.0 to 1.0");
        assertThatThrownBy(() -> Space.empty().whole("n", 3, 2, 1))
                .hasMessageContaining("n: whole numbers from 3 to 2");
        assertThatThrownBy(() -> Space.empty().choice("c", "a", "a")).hasMessageContaining("all different");
        assertThatThrownBy(() -> Space.empty().real("x", 0, 1).choice("x", "a")).hasMessageContaining("'x'");
        assertThatThrownBy(() -> new Trial(3, 0, 0, null, Map.of("lr", 1.0)).whole("lr"))
                .hasMessageContaining("trial 3 has no Long 'lr'");
        assertThatThrownBy(() -> Strategy.random(0)).hasMessageContaining("random draws: 0 trials");
        assertThatThrownBy(() -> Strategy.tpe(-1)).hasMessageContaining("TPE: -1 trials");
        Space wide = Space.empty();
        for (int i = 0; i < 12; i++) {
            wide = wide.real("x" + i, 0, 1);
        }
        Study endless = new Study(wide, Strategy.grid(10), 1);
        assertThatThrownBy(() -> endless.run(_ -> 0)).hasMessageContaining("1.00e+12 combinations");
        assertThatThrownBy(() -> Strategy.hyperband(81, 1)).hasMessageContaining("eta=1");
        assertThatThrownBy(() -> Strategy.evolution(5, 6)).hasMessageContaining("population of 6");
        assertThatThrownBy(() -> new Study(SPACE, Strategy.random(1), 1).parallel(0))
                .hasMessageContaining("0 trials");
    }
}
