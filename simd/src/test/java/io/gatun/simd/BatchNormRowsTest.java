package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchNormRowsTest {
    @ParameterizedTest
    @CsvSource({"131072,16", "9001,16", "3001,353", "7,5", "0,8"})
    void eachPieceComesOnceHoweverManyThreads(long rows, int c) {
        BatchNormRows cut = BatchNormRows.of(rows, c);
        for (int threads = 1; threads < 40; threads++) {
            int stretches = threads;
            assertThat(IntStream.range(0, cut.pieces()).map(i -> cut.backwards(i, stretches)))
                    .as("%d threads", threads)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, cut.pieces()).boxed().toList());
        }
    }

    @Test
    void aThreadGoesBackOverItsOwnPieces() {
        BatchNormRows cut = BatchNormRows.of(131_072, 16);

        assertThat(cut.pieces()).isEqualTo(16);
        assertThat(IntStream.range(0, 16).map(i -> cut.backwards(i, 2)))
                .containsExactly(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
    }
}
