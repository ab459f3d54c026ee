package io.gatun.perf.results;

import static io.gatun.perf.results.Made.measurement;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.gatun.perf.results.Comparison.Verdict;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final String SPEC = "gemm f32 m=64 n=64 k=64";
    private static final Measurement OLD = measurement(SPEC, 1000, 500, 0.05, 1);

    @Test
    void aFifthSlowerIsSlower() {
        Comparison compared = Comparison.of(OLD, measurement(SPEC, 1200, 500, 0.05, 2));
        assertThat(compared.verdict()).isEqualTo(Verdict.SLOWER);
        assertThat(compared.slowdown()).isCloseTo(0.2, within(0.03));
        assertThat(compared.p()).isLessThan(1e-4);
    }

    @Test
    void aFifthSlowerInNoiseIsNot() {
        Comparison compared = Comparison.of(wide(1), wide(1.2));
        assertThat(compared.slowdown()).as("made up so").isGreaterThan(0.10);
        assertThat(compared.verdict()).isEqualTo(Verdict.SAME);
        assertThat(compared.p()).isGreaterThan(0.01);
    }

    /** Evenly from a half to one and a half of the median. */
    private static Measurement wide(double factor) {
        double[] samples = new double[16];
        Arrays.setAll(samples, i -> factor * (500 + 1000 / 15.0 * i));
        return new Measurement(SPEC, "simd", "x", 2, OLD.anchor(), samples, OLD.anchorNanos(), "", "");
    }

    @Test
    void aTwentiethSlowerIsNotHoweverCertain() {
        Comparison compared = Comparison.of(OLD, measurement(SPEC, 1060, 500, 0.02, 2));
        assertThat(compared.verdict()).isEqualTo(Verdict.SAME);
        assertThat(compared.p()).isLessThan(0.01);
    }

    @Test
    void whatTheAnchorDoesTooIsTheMachine() {
        Comparison compared = Comparison.of(OLD, measurement(SPEC, 2000, 1000, 0.05, 2));
        assertThat(compared.verdict()).isEqualTo(Verdict.SAME);
        assertThat(compared.slowdown()).isCloseTo(0, within(0.03));
    }

    @Test
    void anAnchorThatGotFasterAloneProvesNothing() {
        Comparison compared = Comparison.of(OLD, measurement(SPEC, 1000, 280, 0.05, 2));
        assertThat(compared.slowdown()).isGreaterThan(0.5);
        assertThat(compared.p()).isLessThan(1e-4);
        assertThat(compared.verdict()).isEqualTo(Verdict.UNSURE);
        assertThat(Comparison.of(OLD, measurement(SPEC, 1200, 280, 0.05, 2)).verdict())
                .as("slower by the clock too")
                .isEqualTo(Verdict.SLOWER);
    }

    /** The machine slows down in the middle of both runs: the medians of the times alone would say nothing. */
    @Test
    void eachSampleGoesWithTheAnchorBesideIt() {
        double[] drifting = new double[16];
        double[] anchors = new double[16];
        for (int i = 0; i < 16; i++) {
            anchors[i] = i < 8 ? 500 : 1500 + i;
            drifting[i] = 2.4 * anchors[i];
        }
        Measurement now = new Measurement(SPEC, "simd", "x", 2, OLD.anchor(), drifting, anchors, "", "");
        assertThat(Comparison.of(OLD, now).verdict()).isEqualTo(Verdict.SLOWER);
        assertThat(Comparison.of(OLD, now).slowdown()).isCloseTo(0.2, within(0.03));
    }

    @Test
    void aFifthFasterIsFaster() {
        Comparison compared = Comparison.of(measurement(SPEC, 1200, 500, 0.05, 2), OLD);
        assertThat(compared.verdict()).isEqualTo(Verdict.FASTER);
    }

    @Test
    void anotherAnchorCannotBeCompared() {
        Measurement other =
                new Measurement(SPEC, "simd", "x", 2, "something else", OLD.nanos(), OLD.anchorNanos(), "", "");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Comparison.of(OLD, other))
                .withMessageContaining("copy of nothing")
                .withMessageContaining("something else");
    }

    @Test
    void filesSayWhatIsMissingNewAndDifferent() {
        Measurement gone = measurement("softmax f32 forward softmax rows=4 cols=4", 10, 5, 0.01, 3);
        Measurement fresh = measurement("softmax f32 forward softmax rows=8 cols=4", 10, 5, 0.01, 3);
        Results before = Made.results(OLD, gone);
        Results after = Made.results(fresh, OLD);
        ComparedFiles same = ComparedFiles.of(before, after);
        assertThat(same.differences()).isEmpty();
        assertThat(same.lines())
                .contains("only old: " + gone.id(), "only new: " + fresh.id())
                .anyMatch(line -> line.endsWith(OLD.id()))
                .last()
                .asString()
                .startsWith("1 compared")
                .contains("0 slower", "1 only old, 1 only new");
        Map<String, String> facts = new TreeMap<>(before.environment().facts());
        facts.put("jdk", "26");
        ComparedFiles moved = ComparedFiles.of(before, new Results(new Environment(facts), after.all()));
        assertThat(moved.lines().getFirst()).contains("jdk (25, there 26)").doesNotContain("cpu");
    }
}
