package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.gatun.cuda.runtime.CudaContextLostException;
import io.gatun.cuda.runtime.CudaException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The emulator runs right kernels right, and tells of wrong ones. */
@RequiresEmulation
class EmulatedKernelsTest {
    private static final int BLOCKS = 24;

    private Probes probes;

    @BeforeEach
    void open() {
        EmulatedDevice.reset();
        EmulatedDevice.set("QUIET", "1");
        probes = new Probes();
    }

    @AfterEach
    void close() {
        EmulatedDevice.reset();
        probes.close();
    }

    private static float[] numbers() {
        SplittableRandom random = new SplittableRandom(7);
        float[] numbers = new float[BLOCKS * 256];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = random.nextInt(-9, 10);
        }
        return numbers;
    }

    private static float sum(float[] x, int block) {
        float sum = 0;
        for (int i = 0; i < 256; i++) {
            sum += x[block * 256 + i];
        }
        return sum;
    }

    private float[] blockSums(String kernel, float[] x) {
        long y = probes.malloc(4 * BLOCKS);
        probes.launch(kernel, BLOCKS, 256, y, probes.upload(x));
        return probes.floats(y, BLOCKS);
    }

    @Test
    void barriersMakeATreeOfSumsRight() {
        float[] x = numbers();
        float[] y = blockSums("gatun_probe_sum", x);
        for (int block = 0; block < BLOCKS; block++) {
            assertThat(y[block]).isEqualTo(sum(x, block));
        }
        assertThat(EmulatedDevice.launches("gatun_probe_sum")).isEqualTo(1);
    }

    @Test
    void aMissingBarrierShowsInTheNumbers() {
        float[] x = numbers();
        float[] y = blockSums("gatun_probe_sum_racing", x);
        int right = 0;
        for (int block = 0; block < BLOCKS; block++) {
            right += y[block] == sum(x, block) ? 1 : 0;
        }
        assertThat(right).isLessThan(BLOCKS / 2);
    }

    @Test
    void shufflesAndVotesAddUpAWarp() {
        float[] x = numbers();
        long y = probes.malloc(4 * BLOCKS);
        long positive = probes.malloc(4 * BLOCKS);
        probes.launch("gatun_probe_warps", BLOCKS, 256, y, positive, probes.upload(x));
        float[] sums = probes.floats(y, BLOCKS);
        int[] counts = probes.ints(positive, BLOCKS);
        for (int block = 0; block < BLOCKS; block++) {
            int count = 0;
            for (int i = 0; i < 256; i++) {
                count += x[block * 256 + i] > 0 ? 1 : 0;
            }
            assertThat(sums[block]).isEqualTo(sum(x, block));
            assertThat(counts[block]).isEqualTo(count);
        }
    }

    /** PTX: up's least lane and the others' greatest lane come from the width; who would read beyond reads himself. */
    @Test
    void shufflesTakeTheLanesThatPtxSays() {
        long y = probes.malloc(4 * 128);
        long z = probes.malloc(8 * 32);
        for (int width = 1; width <= 32; width *= 2) {
            for (int operand : new int[] {0, 1, 2, 5, 16, 31}) {
                probes.launch("gatun_probe_shuffles", 1, 32, y, z, operand, width);
                int[] got = probes.ints(y, 128);
                double[] doubles = probes.download(z, 256).toArray(ValueLayout.JAVA_DOUBLE);
                for (int lane = 0; lane < 32; lane++) {
                    int first = lane / width * width;
                    int last = first + width - 1;
                    int index = first + operand % width;
                    assertThat(got[lane]).isEqualTo(index);
                    assertThat(got[32 + lane]).isEqualTo(lane - operand < first ? lane : lane - operand);
                    assertThat(got[64 + lane]).isEqualTo(lane + operand > last ? lane : lane + operand);
                    assertThat(got[96 + lane]).isEqualTo((lane ^ operand) > last ? lane : lane ^ operand);
                    assertThat(doubles[lane]).isEqualTo(1e300 * index);
                }
            }
        }
    }

    @Test
    void halvesOfAWarpGoTheirOwnWays() {
        long y = probes.malloc(4 * 32);
        probes.launch("gatun_probe_halves", 1, 32, y);
        int[] expected = new int[32];
        Arrays.fill(expected, 0, 16, 120);
        Arrays.fill(expected, 16, 32, 31);
        assertThat(probes.ints(y, 32)).isEqualTo(expected);
    }

    @Test
    void theLastBlockSeesTheOthers() {
        long parts = probes.malloc(4 * 100);
        long sum = probes.upload(0);
        probes.launch("gatun_probe_last_block", 100, 64, probes.upload(0), parts, sum, 100);
        assertThat(probes.ints(sum, 1)).containsExactly(5050);
    }

    @Test
    void structuresAreArguments() {
        MemorySegment sizes = probes.arena.allocate(40, 8);
        sizes.set(ValueLayout.JAVA_INT, 16, 7);
        sizes.set(ValueLayout.JAVA_LONG, 24, probes.upload(1f, 2f, 3f, 4f));
        sizes.set(ValueLayout.JAVA_FLOAT, 32, 2f);
        long y = probes.malloc(16);
        probes.launch("gatun_probe_struct", 1, 4, y, 1, sizes, 0.5f);
        assertThat(probes.floats(y, 4)).containsExactly(10.5f, 12.5f, 14.5f, 16.5f);
    }

    @Test
    void sharedMemoryAndFreshMemoryAreNaN() {
        long y = probes.malloc(4 * 32);
        assertThat(probes.floats(y, 32)).containsOnly(Float.NaN);
        probes.launch("gatun_probe_unwritten", 1, 32, y);
        assertThat(probes.floats(y, 32)).containsOnly(Float.NaN);
    }

    @Test
    void aDivergentBarrierLosesTheContext() {
        long y = probes.malloc(4 * 64);
        probes.launch("gatun_probe_divergent", 2, 64, y);
        assertThatExceptionOfType(CudaContextLostException.class)
                .isThrownBy(probes.stream::synchronize)
                .satisfies(e -> assertThat(e.code()).isEqualTo(719));
        assertThat(EmulatedDevice.message()).contains("gatun_probe_divergent", "block (", "32 wait at __syncthreads");
    }

    @Test
    void anAddressOutsideOfItsAllocationLosesTheContext() {
        EmulatedDevice.set("GUARD", "1");
        long y = probes.malloc(4 * 64);
        probes.launch("gatun_probe_write", 1, 64, y, 0L);
        probes.stream.synchronize();
        probes.launch("gatun_probe_write", 1, 64, y, 1L);
        assertThatExceptionOfType(CudaContextLostException.class)
                .isThrownBy(probes.stream::synchronize)
                .satisfies(e -> assertThat(e.code()).isEqualTo(700));
        assertThat(EmulatedDevice.message()).contains("gatun_probe_write, block (0,0,0), thread (63,0,0)");
    }

    @Test
    void anAddressThatIsNotAlignedToWhatIsReadThereLosesTheContext() {
        long x = probes.upload(1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f);
        long y = probes.malloc(16);
        probes.launch("gatun_probe_four", 1, 1, y, x, 4L);
        assertThat(probes.floats(y, 4)).containsExactly(5, 6, 7, 8);
        probes.launch("gatun_probe_four", 1, 1, y, x, 2L);
        assertThatExceptionOfType(CudaContextLostException.class)
                .isThrownBy(probes.stream::synchronize)
                .satisfies(e -> assertThat(e.code()).isEqualTo(716));
        assertThat(EmulatedDevice.message()).contains("gatun_probe_four, block (0,0,0), thread (0,0,0)", "not aligned");
    }

    @Test
    void freedMemoryIsNoArgument() {
        long freed = probes.runtime.malloc(256);
        probes.runtime.free(freed);
        assertNoArgument(freed);
    }

    @Test
    void hostMemoryIsNoArgument() {
        assertNoArgument(probes.arena.allocate(256).address());
    }

    private void assertNoArgument(long address) {
        probes.launch("gatun_probe_write", 1, 64, address, 0L);
        assertThatExceptionOfType(CudaContextLostException.class).isThrownBy(probes.stream::synchronize);
        assertThat(EmulatedDevice.message()).contains("argument 0", "neither device nor pinned");
    }

    @Test
    void writingBesideAnAllocationIsSeen() {
        long y = probes.malloc(4 * 64);
        probes.launch("gatun_probe_write", 1, 64, y, 1L);
        probes.stream.synchronize();
        assertThat(EmulatedDevice.check()).isEqualTo(700);
        assertThat(EmulatedDevice.message()).contains("outside an allocation of 256 bytes", "+256 bytes");
    }

    @Test
    void wrongGridsAreRefused() {
        long y = probes.malloc(4096);
        for (int[] size : new int[][] {{0, 32}, {1, 0}, {1, 1025}}) {
            assertThatExceptionOfType(CudaException.class)
                    .isThrownBy(() -> probes.launch("gatun_probe_write", size[0], size[1], y, 0L))
                    .satisfies(e -> assertThat(e.code()).isEqualTo(9));
        }
    }
}
