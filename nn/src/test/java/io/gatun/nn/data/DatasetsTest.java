package io.gatun.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class DatasetsTest {
    private static final Dataset SET =
            Datasets.of(new float[][] {{0, 1}, {2, 3}, {4, 5}, {6, 7}}, new int[] {10, 11, 12, 13});

    /** The features and the label of each sample, read into the second place of a batch. */
    private static float[][] read(Dataset set) {
        Dataset.Reader reader = set.reader();
        float[][] rows = new float[set.size()][];
        for (int i = 0; i < rows.length; i++) {
            float[] features = new float[4];
            int[] labels = new int[2];
            reader.read(
                    i, null, new MemorySegment[] {MemorySegment.ofArray(features), MemorySegment.ofArray(labels)}, 1);
            assertThat(labels[0]).isZero();
            rows[i] = new float[] {features[2], features[3], labels[1]};
        }
        return rows;
    }

    @Test
    void rowsAndLabels() {
        assertThat(SET.fields()).hasToString("[features f32 [2], labels i32 []]");
        assertThat(read(SET)).isEqualTo(new float[][] {{0, 1, 10}, {2, 3, 11}, {4, 5, 12}, {6, 7, 13}});
        assertThat(SET.field("labels")).isEqualTo(1);
        assertThatThrownBy(() -> SET.field("label")).hasMessageContaining("no field is called 'label'");
        Dataset numbers = Datasets.of(new float[][] {{1}}, new float[][] {{2, 3}});
        assertThat(numbers.fields()).hasToString("[features f32 [1], targets f32 [2]]");
    }

    @Test
    void subsetsAndConcatenations() {
        assertThat(read(Datasets.subset(SET, 3, 0, 3))).isEqualTo(new float[][] {{6, 7, 13}, {0, 1, 10}, {6, 7, 13}});
        Dataset both = Datasets.concat(Datasets.range(SET, 2, 4), Datasets.range(SET, 1, 1), Datasets.subset(SET, 0));
        assertThat(read(both)).isEqualTo(new float[][] {{4, 5, 12}, {6, 7, 13}, {0, 1, 10}});
        assertThatThrownBy(() -> Datasets.subset(SET, 4)).hasMessageContaining("sample 4 is not in 0..3");
        Dataset other = Datasets.of(new float[][] {{1}}, new int[] {1});
        assertThatThrownBy(() -> Datasets.concat(SET, other)).hasMessageContaining("data set 1 has fields");
    }

    @Test
    void mapsAField() {
        Dataset sums = Datasets.map(SET, "features", new Field("sum", DType.F32, Shape.of(1)), (from, to, _) -> {
            float sum = from.getAtIndex(ValueLayout.JAVA_FLOAT, 0) + from.getAtIndex(ValueLayout.JAVA_FLOAT, 1);
            to.set(ValueLayout.JAVA_FLOAT, 0, sum);
        });
        assertThat(sums.fields()).hasToString("[sum f32 [1], labels i32 []]");
        Dataset.Reader reader = sums.reader();
        float[] batch = new float[4];
        MemorySegment[] targets = {MemorySegment.ofArray(batch), MemorySegment.ofArray(new int[4])};
        for (int i = 0; i < 4; i++) {
            reader.read(i, null, targets, 3 - i);
        }
        assertThat(batch).containsExactly(13, 9, 5, 1);
        assertThatThrownBy(() -> Datasets.map(SET, "features", new Field("labels", DType.F32, Shape.of()), null))
                .hasMessageContaining("no name twice");
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatThrownBy(() -> Datasets.of(new float[][] {{1}, {1, 2}}, new int[2]))
                .hasMessage("features: row 1 has 2 numbers, row 0 has 1");
        assertThatThrownBy(() -> Datasets.of(new float[3][1], new int[2]))
                .hasMessage("3 rows of features and 2 labels; give as many of both");
        List<Field> fields = List.of(new Field("x", DType.F32, Shape.of(3)));
        assertThatThrownBy(() -> new TensorDataset(2, fields, List.of(MemorySegment.ofArray(new float[5]))))
                .hasMessage("2 samples of x f32 [3] need 24 bytes, the memory has 20");
        assertThatThrownBy(() -> new TensorDataset(2, fields, List.of())).hasMessageContaining("one for each field");
    }
}
