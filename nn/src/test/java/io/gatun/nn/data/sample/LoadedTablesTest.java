package io.gatun.nn.data.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.Batch;
import io.gatun.nn.data.BatchStream;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Datasets;
import io.gatun.nn.data.table.Matrix;
import io.gatun.nn.data.table.TabularNoise;
import io.gatun.nn.data.text.TokenWindows;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tables, series and token streams through the general loader. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class LoadedTablesTest {
    private static final NativeMemory MEMORY = new NativeMemory(new MemoryBudget(1 << 22), false);

    @AfterEach
    void givesItsBuffersBack() {
        assertThat(MEMORY.budget().used()).isZero();
    }

    private static float[] floats(Batch batch, String field) {
        return batch.get(field).toArray(ValueLayout.JAVA_FLOAT);
    }

    private static int[] ints(Batch batch, String field) {
        return batch.get(field).toArray(ValueLayout.JAVA_INT);
    }

    @Test
    void rowsAndLabelsBySampler() {
        Matrix x = Matrix.of(new float[] {0, 10}, new float[] {1, 11}, new float[] {2, 12}, new float[] {3, 13});
        int[] labels = {0, 0, 0, 1};
        DataLoader loader = DataLoader.training(x.samples(labels), 6, 1).sampler(new RandomOverSampler(labels, 1));
        try (BatchStream stream = loader.open(MEMORY)) {
            Batch batch = stream.next();
            int[] order = new RandomOverSampler(labels, 1).order(0);
            assertThat(floats(batch, "features")).isEqualTo(x.select(order).values());
            assertThat(ints(batch, "labels")).isEqualTo(SubsetSampler.select(labels, order));
            assertThat(Arrays.stream(ints(batch, "labels")).sum()).isEqualTo(3);
        }
        Dataset regression = x.samples(Matrix.of(new float[4], new float[4], new float[4], new float[4]));
        assertThat(regression.fields()).hasToString("[features f32 [2], targets f32 [4]]");
        assertThatThrownBy(() -> x.samples(0, 1)).hasMessageContaining("2 labels");
        assertThatThrownBy(() -> x.samples(x.select(0))).hasMessageContaining("1 targets");
    }

    @Test
    void noiseIsForTrainingAlone() {
        Matrix x = new Matrix(50, 2, new float[100]);
        TabularNoise noise = new TabularNoise(new double[] {1, 0}, new double[2], 1);
        Dataset plain = x.samples(new int[50]);
        Dataset set = Datasets.map(plain, "features", plain.fields().getFirst(), noise.mapping(x));
        try (BatchStream stream = DataLoader.training(set, 50, 3).open(MEMORY)) {
            float[] first = floats(stream.next(), "features");
            float[] second = floats(stream.next(), "features");
            assertThat(first).isNotEqualTo(second);
            for (int i = 0; i < 50; i++) {
                assertThat(first[2 * i]).isNotZero();
                assertThat(first[2 * i + 1]).isZero();
            }
        }
        try (BatchStream stream = DataLoader.evaluation(set, 50).open(MEMORY)) {
            assertThat(floats(stream.next(), "features")).isEqualTo(new float[100]);
        }
    }

    @Test
    void windowsOfASeries() {
        float[] steps = new float[20];
        for (int i = 0; i < 20; i++) {
            steps[i] = i;
        }
        SlidingWindows windows = new SlidingWindows(new Matrix(10, 2, steps), 3, 1, 1);
        try (BatchStream stream = DataLoader.evaluation(windows, 4).open(MEMORY)) {
            Batch batch = stream.next();
            assertThat(batch.shape("inputs")).isEqualTo(Shape.of(4, 3, 2));
            assertThat(floats(batch, "inputs")).isEqualTo(Arrays.copyOf(windows.inputs(), 24));
            assertThat(floats(batch, "targets")).containsExactly(6, 7, 8, 9, 10, 11, 12, 13);
        }
        assertThat(new SlidingWindows(windows.series(), 3, 0, 1).fields()).hasSize(1);
    }

    @Test
    void windowsOfTokens() {
        TokenWindows windows = new TokenWindows(IntStream.range(0, 10).toArray(), 3, 3);
        assertThat(windows.size()).isEqualTo(3);
        try (BatchStream stream = DataLoader.evaluation(windows, 3).open(MEMORY)) {
            Batch batch = stream.next();
            assertThat(ints(batch, "inputs")).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8);
            assertThat(ints(batch, "targets")).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9);
        }
        assertThat(new TokenWindows(new int[3], 3, 1).size()).isZero();
        assertThat(new TokenWindows(new int[4], 3, 1).size()).isEqualTo(1);
        assertThatThrownBy(() -> new TokenWindows(new int[3], 0, 1)).hasMessageContaining("length 0");
    }
}
