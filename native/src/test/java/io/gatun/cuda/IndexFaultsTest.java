package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.Place;
import io.gatun.spec.PaddingMaskSpec;
import io.gatun.spec.RowNumbersSpec;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Indices and lengths out of range are named when the host waits, and the device goes on. */
@RequiresCuda
class IndexFaultsTest {
    private Kernels kernels;
    private Place place;
    private MemorySegment given;
    private MemorySegment result;

    @BeforeEach
    void open() {
        kernels = Kernels.open("cuda", 1);
        place = kernels.memory().place();
        given = place.allocate(12, "given");
        result = place.allocate(60, "result");
    }

    @AfterEach
    void close() {
        place.free(given);
        place.free(result);
        kernels.close();
    }

    private void give(int... values) {
        place.copy(MemorySegment.ofArray(values), given);
    }

    @Test
    void anIndexThatIsNoRow() {
        Plan plan = kernels.plan(new RowNumbersSpec(5, 3, 3, 2));
        give(4, 5, 0);
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> {
                    plan.run(given, result.asSlice(0, 24));
                    place.synchronize();
                })
                .withMessageContaining("index 1 is 5, not within 0 and 4");
        give(4, 1, 0);
        plan.run(given, result.asSlice(0, 24));
        int[] rows = new int[6];
        place.copy(result.asSlice(0, 24), MemorySegment.ofArray(rows));
        assertThat(rows).containsExactly(4, 1, 0, 9, 6, 5);
    }

    @Test
    void aSequenceThatIsLongerThanThereAreKeys() {
        Plan plan = kernels.plan(new PaddingMaskSpec(3, 5));
        give(5, 1, 6);
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> {
                    plan.run(given, result);
                    place.synchronize();
                })
                .withMessageContaining("the length of sequence 2 is 6, not within 1 and 5 keys");
        give(5, 1, 2);
        plan.run(given, result);
        float[] mask = new float[15];
        place.copy(result, MemorySegment.ofArray(mask));
        assertThat(mask).containsSequence(0, 0, Float.NEGATIVE_INFINITY);
    }
}
