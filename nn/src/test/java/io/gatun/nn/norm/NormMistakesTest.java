package io.gatun.nn.norm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.BatchNorm;
import io.gatun.nn.BatchNorm1d;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.GroupNorm;
import io.gatun.nn.InstanceNorm1d;
import io.gatun.nn.InstanceNorm2d;
import io.gatun.nn.LayerNorm;
import io.gatun.nn.OnATape;
import java.util.function.IntUnaryOperator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** What widely read tutorials get wrong about normalization, by its numbers; and what the layers refuse. */
class NormMistakesTest extends OnATape {
    private static final Offset<Float> CLOSE = within(1e-6f);

    private static float[] buffer(BatchNorm norm, String name) {
        return norm.stateDict().get(name).toArray();
    }

    /** The running mean of batches of mean 0 and then one of mean 10. */
    private float runningMean(BatchNorm.Options options) {
        float[] mean = new float[1];
        with(new BatchNorm1d(1, options), norm -> {
            for (int i = 0; i < 20; i++) {
                norm.call(tape.tensor(Shape.of(2, 1), -1, 1));
            }
            norm.call(tape.tensor(Shape.of(2, 1), 9, 11));
            mean[0] = buffer(norm, "running_mean")[0];
        });
        return mean[0];
    }

    @Test
    void b05momentumIsTheWeightOfTheNewBatch() {
        assertThat(runningMean(BatchNorm.Options.DEFAULT)).isEqualTo(1f, CLOSE);
        // "Typically 0.9" in this formula makes the running mean practically the last batch's.
        assertThat(runningMean(BatchNorm.Options.DEFAULT.momentum(0.9f))).isEqualTo(9f, CLOSE);
        assertThat(runningMean(BatchNorm.Options.DEFAULT.cumulative())).isEqualTo(10f / 21, CLOSE);
        assertThatThrownBy(() -> BatchNorm.Options.DEFAULT.momentum(1.1f)).hasMessageContaining("momentum=1.1");
    }

    @Test
    void b06normalisesByTheBiasedAndKeepsTheUnbiasedVariance() {
        with(new BatchNorm1d(1), norm -> {
            float[] y = norm.call(tape.tensor(Shape.of(4, 1), 1, 2, 3, 4)).toArray();
            // Of 1, 2, 3, 4: 5/4 biased, 5/3 unbiased.
            assertThat(y[3]).isEqualTo((float) (1.5 / Math.sqrt(1.25 + 1e-5)), CLOSE);
            assertThat(buffer(norm, "running_var")[0]).isEqualTo((float) (0.9 + 0.1 * 5 / 3), CLOSE);
        });
    }

    @Test
    void b07statisticsAreOfEachFeature() {
        with(new BatchNorm1d(3, BatchNorm.Options.DEFAULT.momentum(1)), norm -> {
            float[] y = norm.call(tape.tensor(Shape.of(2, 3), 1, 2, 3, 4, 5, 6)).toArray();
            assertThat(buffer(norm, "running_mean")).containsExactly(new float[] {2.5f, 3.5f, 4.5f}, CLOSE);
            // Biased it is 2.25; the running one of two values is twice that. 2.92 is that of all six numbers.
            assertThat(buffer(norm, "running_var")).containsExactly(new float[] {4.5f, 4.5f, 4.5f}, CLOSE);
            float one = (float) (1.5 / Math.sqrt(2.25 + 1e-5));
            assertThat(y).containsExactly(new float[] {-one, -one, -one, one, one, one}, CLOSE);
            assertThat(norm.stateDict().get("weight").shape()).isEqualTo(Shape.of(3));
            assertThat(norm.stateDict().get("bias").shape()).isEqualTo(Shape.of(3));
        });
    }

    @Test
    void b27whatEachNormalizationAveragesOver() {
        Shape shape = Shape.of(2, 2, 3, 4);
        float[] src = normal(shape, 5);
        for (int i = 0; i < src.length; i++) {
            // A sample, a channel and a pixel each have a mean of their own.
            src[i] += i / 24 * 3 + i % 4 * 2 + i / 4 % 6;
        }
        IntUnaryOperator channel = i -> i % 4;
        IntUnaryOperator sample = i -> i / 24;
        IntUnaryOperator both = i -> i / 24 * 4 + i % 4;
        with(new BatchNorm2d(4), norm -> centred(norm.call(tape.tensor(shape, src)), channel, sample, both));
        with(new LayerNorm(2, 3, 4), norm -> centred(norm.call(tape.tensor(shape, src)), sample, channel, both));
        with(new InstanceNorm2d(4), norm -> {
            float[] y = norm.call(tape.tensor(shape, src)).toArray();
            // Centred in each sample and channel, so in each sample and in each channel too.
            assertThat(largestMean(y, both)).isLessThan(1e-6);
            assertThat(largestMean(y, i -> i / 4 % 6)).isGreaterThan(0.1);
        });
    }

    private static void centred(Tensor y, IntUnaryOperator over, IntUnaryOperator... others) {
        assertThat(largestMean(y.toArray(), over)).isLessThan(1e-6);
        for (IntUnaryOperator other : others) {
            assertThat(largestMean(y.toArray(), other)).isGreaterThan(0.1);
        }
    }

    /** Of the elements that belong together. */
    private static double largestMean(float[] y, IntUnaryOperator group) {
        double[] sums = new double[y.length];
        int[] counts = new int[y.length];
        for (int i = 0; i < y.length; i++) {
            sums[group.applyAsInt(i)] += y[i];
            counts[group.applyAsInt(i)]++;
        }
        double largest = 0;
        for (int i = 0; i < y.length; i++) {
            largest = Math.max(largest, Math.abs(sums[i]) / Math.max(1, counts[i]));
        }
        return largest;
    }

    @Test
    void oneValueHasNoVariance() {
        with(new BatchNorm1d(3), norm -> {
            Tensor one = tape.tensor(Shape.of(1, 3), 1, 2, 3);
            assertThatThrownBy(() -> norm.call(one)).hasMessageContaining("more than one value a channel");
            norm.eval();
            assertThat(norm.call(one).toArray()).containsExactly(new float[] {1, 2, 3}, within(1e-4f));
        });
        with(new InstanceNorm1d(3), norm -> assertThatThrownBy(
                        () -> norm.call(tape.tensor(Shape.of(2, 1, 3), 1, 2, 3, 4, 5, 6)))
                .hasMessageContaining("[2x1x3] has one value for each channel of a sample"));
        with(new GroupNorm(3, 3), norm -> {
            Tensor one = tape.tensor(Shape.of(1, 3), 1, 2, 3);
            assertThatThrownBy(() -> norm.call(one)).hasMessageContaining("one value for each of 3 groups");
        });
    }

    @Test
    void errorsNameTheLayerAndBothShapes() {
        with(new BatchNorm2d(4), norm -> assertThatThrownBy(
                        () -> norm.call(tape.tensor(Shape.of(2, 4), integers(Shape.of(2, 4), 1))))
                .hasMessage("BatchNorm2d: src [2x4] is no batch of images [n x h x w x c]; use BatchNorm1d"));
        with(new BatchNorm1d(3), norm -> assertThatThrownBy(
                        () -> norm.call(tape.tensor(Shape.of(2, 4), integers(Shape.of(2, 4), 1))))
                .hasMessageContaining("BatchNorm1d: src [2x4] has not 3 channels"));
        with(new LayerNorm(3, 5), norm -> assertThatThrownBy(
                        () -> norm.call(tape.tensor(Shape.of(2, 5), integers(Shape.of(2, 5), 1))))
                .hasMessageContaining("layerNorm: src [2x5] does not end in the normalized shape [3x5]"));
        assertThatThrownBy(() -> new GroupNorm(4, 6))
                .hasMessageContaining("6 channels cannot be divided into 4 groups");
        assertThatThrownBy(() -> new LayerNorm(Shape.of(3), 0, true, true)).hasMessageContaining("eps=0.0");
    }
}
