package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.simd.GemmPieces.Piece;
import io.gatun.spec.GemmSpec;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("widths")
class GemmPiecesTest {
    private static final int[] THREADS = {1, 2, 3, 16};

    @Test
    void everyTileIsInOnePiece() {
        int[][] shapes = {
            {256, 256, 256}, {49, 33, 5}, {50, 1000, 513}, {20_000, 64, 256}, {5_000, 130, 700}, {1024, 1024, 1024}
        };
        for (int[] s : shapes) {
            for (int threads : THREADS) {
                for (boolean transB : new boolean[] {false, true}) {
                    GemmSpec spec = GemmSpec.of(s[0], s[1], s[2], false, transB);
                    GemmPieces cut = new GemmPieces(spec, Tiles.HERE, threads);
                    int[][] covered = new int[s[0]][cut.panels.count()];
                    for (Piece p : cut.pieces) {
                        assertThat(p.row() % PanelTile8x2.ROWS)
                                .as("%s: %s", spec, p)
                                .isZero();
                        assertThat(p.rows()).as("%s: %s", spec, p).isPositive();
                        assertThat(p.panels()).as("%s: %s", spec, p).isPositive();
                        int from = cut.panels.column(p.panel());
                        assertThat(cut.panels.column(p.panel() + p.panels()) - from)
                                .isLessThanOrEqualTo(cut.mostColumns());
                        for (int r = p.row(); r < p.row() + p.rows(); r++) {
                            for (int q = p.panel(); q < p.panel() + p.panels(); q++) {
                                covered[r][q]++;
                            }
                        }
                    }
                    for (int[] row : covered) {
                        assertThat(row).as("%s on %d threads", spec, threads).containsOnly(1);
                    }
                }
            }
        }
    }

    @Test
    void blocksOfKAddUp() {
        for (int k : new int[] {1, 511, 512, 513, 1025, 4096}) {
            GemmPieces cut = new GemmPieces(GemmSpec.of(64, 64, k), Tiles.HERE, 2);
            int sum = 0;
            for (int block = 0; block < cut.kBlocks; block++) {
                assertThat(cut.steps(block)).isBetween(1, GemmPieces.MAX_K);
                sum += cut.steps(block);
            }
            assertThat(sum).isEqualTo(k);
        }
    }

    @Test
    void threadsGetAsMuchToDo() {
        for (int n : new int[] {256, 512, 1024, 2048}) {
            GemmPieces cut = new GemmPieces(GemmSpec.of(n, n, n), Tiles.HERE, 2);
            int count = cut.pieces.size();
            assertThat(count).isGreaterThanOrEqualTo(8).isEven();
            long front = cut.pieces.subList(0, count / 2).stream()
                    .mapToLong(p -> (long) p.rows() * p.panels())
                    .sum();
            assertThat(2 * front).isEqualTo((long) n * cut.panels.count());
        }
    }

    @Test
    void onlyTheLastPanelMayBeOdd() {
        int width = PanelTile8x2.VECTORS * Lanes.COUNT;
        for (int n = width; n < 6 * width; n++) {
            GemmPieces cut = new GemmPieces(GemmSpec.of(64, n, 64), Tiles.HERE, 2);
            int whole = cut.panels.count() - (cut.odd ? 1 : 0);
            for (int p = 0; p < whole; p++) {
                assertThat(cut.panels.vectors(p)).isEqualTo(PanelTile8x2.VECTORS);
                assertThat(cut.panels.columns(p)).isEqualTo(width);
            }
            assertThat(cut.odd).isEqualTo(n % width != 0);
        }
    }
}
