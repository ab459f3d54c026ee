package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Kernels;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The contract's buffers are aligned to their elements and to no more, so it never sees a 16-byte load. Here each
 * kernel runs with and without: the bits are the same, and near the reference's or equal to them.
 */
@RequiresCuda
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("heavy")
class AlignedBuffersTest {
    private Kernels cuda;
    private Kernels reference;

    @BeforeAll
    void open() {
        cuda = Kernels.open("cuda", 1);
        reference = Kernels.open("reference", 1);
    }

    @AfterAll
    void close() {
        cuda.close();
        reference.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sgd f32 count=4099 decayed=1030",
                "sgd f32 nesterov count=4099 decayed=1030 momentum=0.9 decay=0.1",
                "adamw f32 count=5003 decayed=1030 clip=0.5",
                "adam f32 amsgrad count=4099 decayed=1030 decay=0.1",
                "adagrad f32 count=4099 decayed=1030 decay=0.1",
                "rmsprop f32 centered count=4099 decayed=1030 momentum=0.5 decay=0.1",
                "rmsprop f32 inside count=4099",
                "loss f32 focal mean gradient cols=40000 a=2 b=0.25",
                "loss f32 mse sum cols=20000",
                "penalty f32 count=20000 l1=0.1 l2=0.2",
                "embedding f32 forward vocabulary=10 dim=64 count=33",
                "embedding f32 forward vocabulary=10 dim=600 count=9",
                "embedding f32 backward vocabulary=10 dim=600 count=70",
                "embedding f32 backward vocabulary=10 dim=40 count=900",
                "embedding f32 backward vocabulary=500 dim=36 count=70"
            })
    void bitsAreTheReferences(String line) {
        Map<String, int[]> wanted = PlacedRun.of(reference, line, 0, Map.of());
        for (long shift : new long[] {0, 4}) {
            Map<String, int[]> results = PlacedRun.of(cuda, line, shift, Map.of());
            wanted.forEach((name, bits) -> assertThat(results.get(name))
                    .as("%s of %s, %d bytes off", name, line, shift)
                    .isEqualTo(bits));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "softmax f32 forward softmax rows=9 cols=12",
                "softmax f32 forward log_softmax rows=9 cols=128",
                "softmax f32 forward softmax rows=3 cols=512",
                "softmax f32 forward softmax rows=2 cols=1028",
                "softmax f32 forward softmax rows=2 cols=9000",
                "softmax f32 forward log_softmax rows=1 cols=9001",
                "softmax f32 backward log_softmax rows=9 cols=12",
                "softmax f32 backward softmax rows=3 cols=512",
                "softmax f32 backward softmax rows=2 cols=4096",
                "softmax f32 backward softmax rows=2 cols=9000",
                "crossentropy f32 gradient rows=9 cols=12",
                "crossentropy f32 gradient weighted rows=9 cols=100 smoothing=0.1",
                "crossentropy f32 gradient rows=5 cols=512",
                "crossentropy f32 none gradient rows=3 cols=1028",
                "crossentropy f32 sum rows=3 cols=9000",
                "crossentropy f32 gradient weighted rows=3 cols=9000 smoothing=0.2",
                "crossentropy f32 sum gradient probabilities rows=2 cols=9001",
                "crossentropy f32 gradient log_probabilities rows=3 cols=9000",
                "reduce f32 sum shape=64x512 axes=1",
                "reduce f32 mean shape=150000 axes=0",
                "reduce f32 sum_squares shape=3x20000 axes=1",
                "reduce f32 sum shape=2000x36 axes=0",
                "reduce f32 mean shape=4x90x16x40 axes=0,2",
                "reduce f32 sum shape=20x3x7 axes=1"
            })
    void bitsAreTheSameAtAnyAddress(String line) {
        Map<String, int[]> wanted = PlacedRun.of(reference, line, 0, Map.of());
        Map<String, int[]> aligned = PlacedRun.of(cuda, line, 0, Map.of());
        Map<String, int[]> shifted = PlacedRun.of(cuda, line, 4, Map.of());
        wanted.forEach((name, bits) -> {
            assertThat(shifted.get(name)).as("%s of %s, shifted", name, line).isEqualTo(aligned.get(name));
            for (int i = 0; i < bits.length; i++) {
                double x = Float.intBitsToFloat(bits[i]);
                double y = Float.intBitsToFloat(aligned.get(name)[i]);
                assertThat(Math.abs(x - y))
                        .as("%s[%d] of %s: %s, the reference %s", name, i, line, y, x)
                        .isLessThanOrEqualTo(2e-6 * Math.abs(x) + 1e-6 * scale(line));
            }
        });
    }

    /** How large terms of either sign get that cancel; probabilities are sums of positive ones. */
    private static double scale(String line) {
        if (line.contains("reduce") || line.contains("backward")) {
            return 100;
        }
        return line.contains("log_softmax") || line.contains("probabilities") ? 1 : 1e-3;
    }
}
