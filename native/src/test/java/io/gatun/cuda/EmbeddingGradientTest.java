package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.Place;
import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.MixedSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The order in which a row of the table adds its gradients, to the bit: that of their positions, the first 128 to the row,
 * each further 128 by themselves, and these sums, an eighth of them at a time, to the row.
 */
@RequiresCuda
class EmbeddingGradientTest {
    private static final int PIECE = 128;
    private static final int SHARES = 8;

    private enum Indices {
        RANDOM,
        /** One row for all. */
        SAME,
        /** Half of them the first row, as padding is. */
        PADDED,
        /** Each row once, the last first, as often as there are rows. */
        DESCENDING,
        /** Shuffled rows that come 126, 127, … and 131 times, and 255, … and 258 times. */
        UNEVEN;

        private int[] of(int count, int vocabulary) {
            SplittableRandom random = new SplittableRandom(3);
            int[] indices = new int[count];
            for (int i = 0; i < count; i++) {
                indices[i] = switch (this) {
                    case RANDOM -> random.nextInt(vocabulary);
                    case SAME -> vocabulary - 1;
                    case PADDED -> i % 2 == 0 ? 0 : random.nextInt(vocabulary);
                    case DESCENDING -> vocabulary - 1 - i % vocabulary;
                    case UNEVEN -> 0;
                };
            }
            if (this == UNEVEN) {
                int at = 0;
                for (int row = 0; at < count; row++) {
                    int length = (row % 2 == 0 ? 126 : 255) + row / 2 % (row % 2 == 0 ? 6 : 4);
                    for (int i = 0; i < length && at < count; i++) {
                        indices[at++] = row % vocabulary;
                    }
                }
                for (int i = count - 1; i > 0; i--) {
                    int other = random.nextInt(i + 1);
                    int index = indices[i];
                    indices[i] = indices[other];
                    indices[other] = index;
                }
            }
            return indices;
        }
    }

    private Kernels kernels;
    private Place place;

    @BeforeEach
    void open() {
        kernels = Kernels.open("cuda", 1);
        place = kernels.memory().place();
    }

    @AfterEach
    void close() {
        kernels.close();
    }

    @ParameterizedTest
    @CsvSource({
        // On both sides of what is not sorted.
        "70, 8, 1, SAME",
        "70, 65, 127, RANDOM",
        "3, 132, 128, SAME",
        "900, 12, 128, DESCENDING",
        "3, 132, 129, SAME",
        "2, 7, 129, PADDED",
        "70, 64, 2048, RANDOM",
        "70, 20, 2049, PADDED",
        "40, 5, 3000, UNEVEN",
        // One pass, two, three; the number of rows, which stands for those outside, within the last bit and beyond it.
        "511, 3, 600, RANDOM",
        "512, 3, 600, DESCENDING",
        "50257, 8, 700, RANDOM",
        "262144, 1, 700, DESCENDING",
        // A hot row's pieces: some for each of the eighths, and more than a warp has lanes.
        "1, 6, 1200, SAME",
        "5, 4, 36000, SAME"
    })
    void isThatOfThePositions(int vocabulary, int dim, int count, Indices indices) {
        EmbeddingSpec spec = new EmbeddingSpec(Direction.BACKWARD, vocabulary, dim, count);
        for (DType storage : List.of(DType.F32, DType.BF16, DType.F16)) {
            for (int shift = 0; shift < 2; shift++) {
                if (storage == DType.F32 || count < 3000) {
                    new Problem(spec, storage, indices.of(count, vocabulary)).check(shift, place::synchronize);
                }
            }
        }
    }

    /** Blocks that sort have more than one tile then. */
    @Tag("heavy")
    @ParameterizedTest
    @CsvSource({
        "70, 4, 300000, RANDOM",
        "40000, 3, 270000, PADDED",
        "100, 64, 100000, UNEVEN",
        "50257, 768, 8192, RANDOM"
    })
    void isThatOfManyPositions(int vocabulary, int dim, int count, Indices indices) {
        EmbeddingSpec spec = new EmbeddingSpec(Direction.BACKWARD, vocabulary, dim, count);
        new Problem(spec, DType.F32, indices.of(count, vocabulary)).check(0, place::synchronize);
    }

    @Test
    void leavesOutWhatIsOutside() {
        for (int vocabulary : new int[] {512, 600}) {
            int[] indices = Indices.PADDED.of(500, vocabulary);
            for (int i = 3; i < indices.length; i += 7) {
                indices[i] = i % 2 == 0 ? -i : vocabulary + i % 3;
            }
            Problem problem =
                    new Problem(new EmbeddingSpec(Direction.BACKWARD, vocabulary, 5, 500), DType.F32, indices);
            String sentence = "index 3 is " + indices[3] + ", not within 0 and " + (vocabulary - 1);
            problem.check(0, () -> assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(place::synchronize)
                    .withMessageContaining(sentence));
        }
    }

    private final class Problem {
        private final EmbeddingSpec spec;
        private final DType storage;
        private final int[] indices;
        private final float[] diffDst;
        private final float[] table;

        private Problem(EmbeddingSpec spec, DType storage, int[] indices) {
            this.spec = spec;
            this.storage = storage;
            this.indices = indices;
            SplittableRandom random = new SplittableRandom(5);
            diffDst = new float[indices.length * spec.dim()];
            for (int i = 0; i < diffDst.length; i++) {
                diffDst[i] = stored((float) random.nextDouble(-2, 2));
            }
            table = new float[spec.vocabulary() * spec.dim()];
            for (int i = 0; i < table.length; i++) {
                table[i] = (float) random.nextDouble(-2, 2);
            }
        }

        private float stored(float x) {
            return switch (storage) {
                case BF16 -> Float.intBitsToFloat(Float.floatToRawIntBits(x) & 0xFFFF0000);
                case F16 -> Float.float16ToFloat(Float.floatToFloat16(x));
                default -> x;
            };
        }

        private MemorySegment bytesOfDiffDst() {
            if (storage == DType.F32) {
                return MemorySegment.ofArray(diffDst);
            }
            short[] bits = new short[diffDst.length];
            for (int i = 0; i < bits.length; i++) {
                bits[i] = storage == DType.BF16
                        ? (short) (Float.floatToRawIntBits(diffDst[i]) >>> 16)
                        : Float.floatToFloat16(diffDst[i]);
            }
            return MemorySegment.ofArray(bits);
        }

        /** With the buffers so many elements behind an aligned address; {@code wait} is called when it was started. */
        private void check(int shift, Runnable wait) {
            Plan plan = kernels.plan(MixedSpec.of(spec, storage));
            List<MemorySegment> blocks = new ArrayList<>();
            try {
                MemorySegment[] operands = {
                    given(MemorySegment.ofArray(indices), shift * 4, blocks),
                    given(bytesOfDiffDst(), shift * storage.bytes(), blocks),
                    given(MemorySegment.ofArray(table), shift * 4, blocks)
                };
                plan.run(operands);
                wait.run();
                float[] found = new float[table.length];
                place.copy(operands[2], MemorySegment.ofArray(found));
                assertThat(found).as("%s, %d off", plan.spec(), shift).isEqualTo(expected());
            } finally {
                blocks.forEach(place::free);
            }
        }

        private MemorySegment given(MemorySegment content, int offset, List<MemorySegment> blocks) {
            MemorySegment block = place.allocate(content.byteSize() + 64, "test");
            blocks.add(block);
            MemorySegment memory = block.asSlice(offset, content.byteSize());
            place.copy(content, memory);
            return memory;
        }

        private float[] expected() {
            Map<Integer, List<Integer>> positions = new TreeMap<>();
            for (int i = 0; i < indices.length; i++) {
                if (indices[i] >= 0 && indices[i] < spec.vocabulary()) {
                    positions
                            .computeIfAbsent(indices[i], _ -> new ArrayList<>())
                            .add(i);
                }
            }
            float[] result = table.clone();
            positions.forEach((row, all) -> {
                for (int d = 0; d < spec.dim(); d++) {
                    int at = row * spec.dim() + d;
                    result[at] = row(result[at], all, d);
                }
            });
            return result;
        }

        private float row(float start, List<Integer> positions, int column) {
            List<Float> pieces = new ArrayList<>();
            for (int from = 0; from < positions.size(); from += PIECE) {
                float sum = from == 0 ? start : 0;
                for (int position : positions.subList(from, Math.min(positions.size(), from + PIECE))) {
                    sum += diffDst[position * spec.dim() + column];
                }
                pieces.add(sum);
            }
            float total = pieces.removeFirst();
            int share = Math.ceilDiv(pieces.size(), SHARES);
            for (int from = 0; from < pieces.size(); from += share) {
                float sum = 0;
                for (float piece : pieces.subList(from, Math.min(pieces.size(), from + share))) {
                    sum += piece;
                }
                total += sum;
            }
            return total;
        }
    }
}
