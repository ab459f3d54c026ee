package io.gatun.nn.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ObserverTest {
    private static MemorySegment batch(float... values) {
        return MemorySegment.ofArray(values);
    }

    @Test
    void theRangeHoldsWhatWasSeenAndZero() {
        MinMaxObserver observer = new MinMaxObserver();
        assertThatThrownBy(observer::affine).hasMessageContaining("nothing was observed");
        observer.observe(batch(3, 7));
        assertThat(observer.affine()).isEqualTo(new Affine(7f / 255, 0));
        observer.observe(batch(-3, 2));
        Affine both = observer.affine();
        assertThat(both.scale()).isEqualTo(10f / 255);
        assertThat(both.zeroPoint()).isEqualTo(76);
        assertThat(both.number(both.zeroPoint())).isZero();
        assertThat(both.quantize(1000)).isEqualTo(255);
        assertThat(both.quantize(-1000)).isZero();
        assertThat(both.quantize(Float.NaN)).isZero();
    }

    @Test
    void constantZerosAndNumbersThatAreNone() {
        MinMaxObserver zeros = new MinMaxObserver();
        zeros.observe(batch(0, 0));
        assertThat(zeros.affine().quantize(0)).isEqualTo(zeros.affine().zeroPoint());
        for (Observer observer : new Observer[] {new MinMaxObserver(), new PercentileObserver(0)}) {
            assertThatThrownBy(() -> observer.observe(batch(1, Float.NaN))).hasMessageContaining("calibration met NaN");
            assertThatThrownBy(() -> observer.observe(batch(Float.POSITIVE_INFINITY)))
                    .hasMessageContaining("calibration met Infinity");
        }
    }

    /** 10,000 normal numbers and one outlier: the range is that of the numbers. Without a share it is that of the outlier. */
    @Test
    void aPercentileLeavesOutliersOut() {
        SplittableRandom random = new SplittableRandom(3);
        float[] values = new float[10_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        values[5_000] = 1000;
        PercentileObserver most = new PercentileObserver(1e-3);
        PercentileObserver all = new PercentileObserver(0);
        most.observe(batch(values));
        all.observe(batch(values));
        assertThat(most.affine().number(255)).isCloseTo(3.1f, within(0.4f));
        assertThat(most.affine().number(0)).isCloseTo(-3.1f, within(0.4f));
        assertThat(all.affine().number(255)).isCloseTo(1000, within(3f));
    }
}
