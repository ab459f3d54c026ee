package io.gatun.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowGridTest {
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "2, 5, 1",
        "3211264, 64, 1",
        "12544, 2048, 1",
        "70001, 16, 1",
        "49, 2048, 256",
        "1, 40000000, 1",
        "2147483647, 3, 1"
    })
    void bandsCoverTheRowsAndNoneIsEmpty(long rows, int c, long samples) {
        RowGrid grid = RowGrid.tiles(rows, c);
        int chunks = grid.chunks(rows, samples);
        long bands = grid.bands(rows, chunks);
        assertThat(bands * grid.bandRows(chunks)).isGreaterThanOrEqualTo(rows);
        assertThat((bands - 1) * grid.bandRows(chunks)).isLessThan(rows);
        assertThat(grid.threads() * grid.threadRows()).isBetween(1, 256);
        assertThat(4L * grid.threads() * grid.across()).isGreaterThanOrEqualTo(c);
        assertThat(grid.threads() * grid.threadRows())
                .as("a block is full where the rows allow")
                .isGreaterThan(rows >= 2048 ? 192 : 0);
    }

    @ParameterizedTest
    @CsvSource({"3211264, 64", "131072, 64", "70001, 16", "20101, 112"})
    void largeSumsAreCutIntoOneRoundOfBlocks(long rows, int c) {
        RowGrid grid = RowGrid.tiles(rows, c);
        int chunks = grid.chunks(rows, 1);
        assertThat(grid.bands(rows, chunks) * grid.across()).isBetween(100L, 264L);
    }
}
