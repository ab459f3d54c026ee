package io.gatun.nn.data.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.nn.data.table.Matrix;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SlidingWindowsTest {
    /** Step s is (s, -s). */
    private static Matrix series(int steps) {
        float[] values = new float[2 * steps];
        for (int s = 0; s < steps; s++) {
            values[2 * s] = s;
            values[2 * s + 1] = -s;
        }
        return new Matrix(steps, 2, values);
    }

    @Test
    void windowsAndWhatFollows() {
        SlidingWindows windows = new SlidingWindows(series(10), 3, 2, 2);
        // Starts 0, 2, 4: 4 + 3 + 2 = 9 steps; 6 would need 11.
        assertThat(windows.size()).isEqualTo(3);
        assertThat(windows.inputs()).containsExactly(0, 0, 1, -1, 2, -2, 2, -2, 3, -3, 4, -4, 4, -4, 5, -5, 6, -6);
        assertThat(windows.targets()).containsExactly(3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8);
        assertThat(new SlidingWindows(series(10), 10, 0, 1).size()).isEqualTo(1);
        assertThat(new SlidingWindows(series(10), 10, 1, 1).size()).isZero();
        assertThat(new SlidingWindows(series(10), 10, 1, 1).inputs()).isEmpty();
    }

    @Test
    void partsShareNoStepOfTheSeries() {
        SlidingWindows.Parts parts = new SlidingWindows(series(100), 7, 3, 1).parts(0.2, 0.3);
        assertThat(parts.train().size()).isEqualTo(41);
        assertThat(parts.validation().size()).isEqualTo(11);
        assertThat(parts.test().size()).isEqualTo(21);
        Set<Float> seen = new HashSet<>();
        for (SlidingWindows part : new SlidingWindows[] {parts.train(), parts.validation(), parts.test()}) {
            Set<Float> own = new HashSet<>();
            for (float value : part.inputs()) {
                own.add(Math.abs(value));
            }
            for (float value : part.targets()) {
                own.add(Math.abs(value));
            }
            int before = seen.size();
            seen.addAll(own);
            assertThat(seen).hasSize(before + own.size());
        }
        assertThat(seen).hasSize(100);
    }

    @Test
    void refusesWhatIsNoWindow() {
        assertThatThrownBy(() -> new SlidingWindows(series(4), 0, 1, 1)).hasMessageContaining("length 0");
        assertThatThrownBy(() -> new SlidingWindows(series(4), 1, -1, 1)).hasMessageContaining("horizon -1");
        assertThatThrownBy(() -> new SlidingWindows(series(4), 1, 1, 1).over(2, 5))
                .hasMessageContaining("[2, 5)");
        assertThatThrownBy(() -> new SlidingWindows(series(4), 1, 1, 1).start(3))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
