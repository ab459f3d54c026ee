package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.gatun.kernel.Kernels;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An index that is out of range: the sentence of the CPU's kernels, and the context goes on. */
@RequiresCuda
class WrongIndicesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "embedding f32 forward vocabulary=11 dim=9 count=700",
                "embedding f32 backward vocabulary=11 dim=9 count=700",
                "embedding f32 backward vocabulary=900 dim=9 count=700",
                "crossentropy f32 gradient rows=700 cols=10",
                "crossentropy f32 rows=100 cols=400",
                "crossentropy f32 sum rows=60 cols=1000",
                "crossentropy f32 gradient rows=40 cols=5000"
            })
    void areNamedAsTheCpuNamesThem(String line) {
        Consumer<int[]> wrong = indices -> {
            int n = indices.length;
            indices[n - 1] = -7;
            indices[n * 3 / 8] = 1 << 30;
            indices[n * 2 / 5] = -1;
        };
        Map<String, Consumer<int[]>> change = Map.of("indices", wrong, "targets", wrong);
        try (Kernels reference = Kernels.open("reference", 1);
                Kernels cuda = Kernels.open("cuda", 1)) {
            Throwable told = catchThrowable(() -> PlacedRun.of(reference, line, 0, change));
            assertThatThrownBy(() -> PlacedRun.of(cuda, line, 0, change))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage(told.getMessage());
            assertThat(PlacedRun.of(cuda, line, 0, Map.of())).isNotEmpty();
        }
    }
}
