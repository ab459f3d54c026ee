package io.gatun.nn.data.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.nn.data.sample.Split;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class PreprocessingTest {
    private static final float NAN = Float.NaN;

    @Test
    void standardizesByTheTrainingSet() {
        Matrix train = Matrix.of(new float[] {1, 7, 2}, new float[] {2, 7, NAN}, new float[] {3, 7, 4});
        Standardizer standardizer = Standardizer.fit(train);
        assertThat(standardizer.mean()).containsExactly(2, 7, 3);
        // Population deviations: sqrt(2/3), a constant, 1 (the gap left out).
        assertThat(standardizer.std()).containsExactly(Math.sqrt(2 / 3.0), 1, 1);
        Matrix y = standardizer.transform(train);
        assertThat(y.get(0, 0)).isEqualTo((float) (-1 / Math.sqrt(2 / 3.0)));
        assertThat(y.get(1, 1)).isZero();
        assertThat(y.get(1, 2)).isNaN();
        assertThat(standardizer.transform(Matrix.of(new float[] {12, 9, 3})).values())
                .containsExactly((float) (10 / Math.sqrt(2 / 3.0)), 2, 0);
        assertThat(standardizer.inverse(y).select(0, 2).values())
                .containsExactly(new float[] {1, 7, 2, 3, 7, 4}, within(1e-6f));
        assertThatThrownBy(() -> standardizer.transform(Matrix.of(new float[] {1})))
                .hasMessageContaining("fitted on 3 columns")
                .hasMessageContaining("[1, 1]");
        assertThatThrownBy(() -> Standardizer.fit(Matrix.of(new float[] {NAN}))).hasMessageContaining("column 0");
    }

    /** Sums of squares minus squared sums would give nonsense here. */
    @Test
    void aLargeOffsetCostsNoDigits() {
        float offset = 1 << 23;
        Standardizer standardizer = Standardizer.fit(Matrix.of(new float[] {offset}, new float[] {offset + 1}));
        assertThat(standardizer.mean()).containsExactly(offset + 0.5);
        assertThat(standardizer.std()).containsExactly(0.5);
    }

    @Test
    void scalesTheTrainingSetToItsRange() {
        Matrix train = Matrix.of(new float[] {-1, 5}, new float[] {3, 5}, new float[] {NAN, 5});
        Matrix y = MinMaxScaler.fit(train).transform(train);
        assertThat(y.values()).containsExactly(0, 0, 1, 0, NAN, 0);
        MinMaxScaler scaler = MinMaxScaler.fit(train, -1, 1);
        assertThat(scaler.transform(Matrix.of(new float[] {7, 6})).values()).containsExactly(3, 1);
        assertThat(scaler.inverse(scaler.transform(train)).values()).containsExactly(train.values());
        assertThatThrownBy(() -> MinMaxScaler.fit(train, 1, 1)).hasMessageContaining("[1.0, 1.0]");
    }

    @Test
    void fillsGapsByTheTrainingSet() {
        Matrix train = Matrix.of(
                new float[] {1, 4}, new float[] {NAN, 9}, new float[] {2, 9}, new float[] {9, 4}, new float[] {4, NAN});
        assertThat(Imputer.fit(train, Imputer.Strategy.MEAN).fill()).containsExactly(4, 6.5);
        assertThat(Imputer.fit(train, Imputer.Strategy.MEDIAN).fill()).containsExactly(3, 6.5);
        // 4 and 9 occur twice each in the second column: the smaller.
        assertThat(Imputer.fit(train, Imputer.Strategy.MODE).fill()).containsExactly(1, 4);
        Matrix test = Matrix.of(new float[] {NAN, NAN}, new float[] {100, 200});
        assertThat(Imputer.fit(train, Imputer.Strategy.MEDIAN).transform(test).values())
                .containsExactly(3, 6.5f, 100, 200);
        assertThat(Imputer.constant(2, -1).transform(test).values()).containsExactly(-1, -1, 100, 200);
        assertThatThrownBy(() -> Imputer.fit(test.select(0), Imputer.Strategy.MEAN))
                .hasMessageContaining("no value to fit on");
    }

    private static final CategoryColumn TRAIN = CategoryColumn.of("size", "m", "s", null, "l", "m");
    private static final CategoryColumn TEST = CategoryColumn.of("size", "xl", "s", null, "l");

    @Test
    void ordinalNumbersAreAlphabetical() {
        OrdinalEncoder encoder = OrdinalEncoder.fit(TRAIN, Unknown.IGNORE);
        assertThat(encoder.categories()).containsExactly("l", "m", "s");
        assertThat(encoder.codes(TRAIN)).containsExactly(1, 2, -1, 0, 1);
        assertThat(encoder.codes(TEST)).containsExactly(-1, 2, -1, 0);
        assertThat(encoder.transform(TEST).values()).containsExactly(-1, 2, -1, 0);
        assertThat(encoder.inverse(2, -1, 0)).containsExactly("s", null, "l");
        OrdinalEncoder natural = new OrdinalEncoder("size", List.of("s", "m", "l"), Unknown.REFUSE);
        assertThat(natural.codes(TRAIN.filled("m"))).containsExactly(1, 0, 1, 2, 1);
        assertThatThrownBy(() -> natural.codes(TEST))
                .hasMessageContaining("row 0 of column \"size\" is \"xl\"")
                .hasMessageContaining("3 categories");
        assertThatThrownBy(() -> natural.codes(TRAIN))
                .hasMessageContaining("row 2")
                .hasMessageContaining("missing");
    }

    @Test
    void oneHot() {
        OneHotEncoder encoder = OneHotEncoder.fit(TRAIN, Unknown.IGNORE);
        assertThat(encoder.names()).containsExactly("size=l", "size=m", "size=s");
        Matrix y = encoder.transform(TEST);
        assertThat(y.toString()).isEqualTo("[4, 3]");
        assertThat(y.values()).containsExactly(0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0);
        assertThat(encoder.inverse(Matrix.of(new float[] {0.1f, 0.5f, 0.5f}))).containsExactly("m");
        assertThat(OneHotEncoder.of(new int[] {2, 0, -1}, 3).values()).containsExactly(0, 0, 1, 1, 0, 0, 0, 0, 0);
        assertThatThrownBy(() -> OneHotEncoder.of(new int[] {3}, 3)).hasMessageContaining("label 3 of sample 0");
    }

    @Test
    void binaryHasLog2Features() {
        for (int k = 1; k <= 70; k++) {
            String[] names = new String[k];
            Arrays.setAll(names, i -> String.format("c%03d", i));
            CategoryColumn column = CategoryColumn.of("c", names);
            BinaryEncoder strict = BinaryEncoder.fit(column, Unknown.REFUSE);
            BinaryEncoder open = BinaryEncoder.fit(column, Unknown.IGNORE);
            assertThat(strict.bits()).isEqualTo(Math.max(1, (int) Math.ceil(Math.log(k) / Math.log(2) - 1e-9)));
            assertThat(open.bits()).isEqualTo(Math.max(1, (int) Math.ceil(Math.log(k + 1) / Math.log(2) - 1e-9)));
            for (int i = 0; i < k; i++) {
                int number = 0;
                for (float bit : open.transform(column.select(i)).values()) {
                    number = 2 * number + (int) bit;
                }
                assertThat(number).isEqualTo(i + 1);
            }
        }
        BinaryEncoder encoder = BinaryEncoder.fit(TRAIN, Unknown.IGNORE);
        assertThat(encoder.transform(TEST).values()).containsExactly(0, 0, 1, 1, 0, 0, 0, 1);
    }

    @Test
    void theMostFrequentCategoryFillsGaps() {
        assertThat(TRAIN.mode()).isEqualTo("m");
        assertThat(CategoryColumn.of("c", "b", "a", "b", "a", null).mode()).isEqualTo("a");
        assertThat(TEST.filled(TRAIN.mode()).get(2)).isEqualTo("m");
        assertThatThrownBy(() -> CategoryColumn.of("c", (String) null).mode()).hasMessageContaining("no value");
    }

    /** The rows that are tested on may be anything: not a bit of what was fitted, or of the training rows, changes. */
    @Test
    void theTestSetNeverEntersTheFit() {
        Table table = Table.of(
                new NumericColumn("x", new double[] {1, 2, Double.NaN, 4, 5, 6, 7, 8, 9, 10}),
                CategoryColumn.of("c", "a", "b", "a", null, "b", "c", "a", "b", "c", "a"));
        Split split = Split.random(10, 0.3, 42);
        Table train = table.select(split.train());
        double[] changed = table.numeric("x").values().clone();
        String[] categories = new String[10];
        Arrays.setAll(categories, table.categories("c")::get);
        for (int row : split.test()) {
            changed[row] = -1e6 * row;
            categories[row] = "new" + row;
        }
        Table other = Table.of(new NumericColumn("x", changed), CategoryColumn.of("c", categories))
                .select(split.train());
        List<Function<Matrix, Object>> fits = List.of(
                m -> List.of(
                        boxed(Standardizer.fit(m).mean()),
                        boxed(Standardizer.fit(m).std())),
                m -> List.of(
                        boxed(MinMaxScaler.fit(m).min()),
                        boxed(MinMaxScaler.fit(m).max())),
                m -> boxed(Imputer.fit(m, Imputer.Strategy.MEAN).fill()),
                m -> boxed(Imputer.fit(m, Imputer.Strategy.MEDIAN).fill()),
                m -> boxed(Imputer.fit(m, Imputer.Strategy.MODE).fill()),
                m -> boxed(TabularNoise.gaussian(m, 0.1, 1).jitter()));
        for (Function<Matrix, Object> fit : fits) {
            assertThat(fit.apply(train.matrix("x"))).isEqualTo(fit.apply(other.matrix("x")));
        }
        assertThat(OneHotEncoder.fit(train.categories("c"), Unknown.IGNORE))
                .isEqualTo(OneHotEncoder.fit(other.categories("c"), Unknown.IGNORE));
        // Transforming the test set leaves the fitted object, and the given matrix, as they were.
        Standardizer standardizer = Standardizer.fit(train.matrix("x"));
        double[] mean = standardizer.mean();
        Matrix test = table.select(split.test()).matrix("x");
        float[] before = test.values().clone();
        standardizer.transform(test);
        standardizer.mean()[0] = 99;
        assertThat(standardizer.mean()).isEqualTo(mean);
        assertThat(test.values()).isEqualTo(before);
    }

    private static List<Double> boxed(double[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    @Test
    void noiseHasItsDeviationAndSwapsKeepFrequencies() {
        int rows = 20_000;
        float[] values = new float[2 * rows];
        for (int r = 0; r < rows; r++) {
            values[2 * r] = 10;
            values[2 * r + 1] = r % 4 == 0 ? 1 : 0;
        }
        Matrix train = new Matrix(rows, 2, values);
        TabularNoise noise = new TabularNoise(new double[] {0.5, 0}, new double[] {0, 0.4}, 1);
        Matrix noisy = noise.apply(train, 0);
        Standardizer found = Standardizer.fit(noisy);
        assertThat(found.mean()[0]).isCloseTo(10, within(5 * 0.5 / Math.sqrt(rows)));
        assertThat(found.std()[0]).isCloseTo(0.5, within(0.015));
        assertThat(found.mean()[1]).isCloseTo(0.25, within(0.02));
        int changed = 0;
        for (int r = 0; r < rows; r++) {
            changed += noisy.get(r, 1) != train.get(r, 1) ? 1 : 0;
        }
        // A swap changes the value when the other row differs: 0.4 · 2 · 0.25 · 0.75.
        assertThat(changed / (double) rows).isCloseTo(0.15, within(0.015));
        assertThat(noise.apply(train, 0).values()).isEqualTo(noisy.values());
        assertThat(noise.apply(train, 1).values()).isNotEqualTo(noisy.values());
        // A row's noise does not depend on the rows before it.
        TabularNoise jitter = new TabularNoise(new double[] {1, 1}, new double[2], 5);
        assertThat(jitter.apply(train, 3).select(0).values())
                .isEqualTo(jitter.apply(train.select(0), 3).values());
        assertThatThrownBy(() -> new TabularNoise(new double[] {-1}, new double[1], 0))
                .hasMessageContaining("deviation -1.0");
    }

    @Test
    void matricesLieBesideEachOther() {
        Matrix a = Matrix.of(new float[] {1, 2}, new float[] {3, 4});
        Matrix b = Matrix.of(new float[] {5}, new float[] {6});
        assertThat(Matrix.beside(a, b).values()).containsExactly(1, 2, 5, 3, 4, 6);
        assertThatThrownBy(() -> Matrix.beside(a, b.select(0))).hasMessageContaining("[2, 2] and [1, 1]");
        assertThatThrownBy(() -> Matrix.of(new float[1], new float[2])).hasMessageContaining("row 1 has 2 values");
        assertThatThrownBy(() -> new Matrix(2, 2, new float[3])).hasMessageContaining("3 values");
        assertThatThrownBy(() -> a.select(2)).hasMessageContaining("row 2 of a matrix [2, 2]");
        assertThatThrownBy(() -> a.get(0, 2)).hasMessageContaining("[0, 2]");
    }
}
