package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.memory.Place;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Debug mode on a device: what was not written is NaN. */
@RequiresEmulation
class DeviceDebugTest {
    @Test
    void freshAndFreedMemoryIsNaN() {
        System.setProperty("gatun.memory.debug", "true");
        try (CudaContext context = CudaContext.open()) {
            Place place = context.place();
            MemorySegment memory = place.allocate(64, "x");
            assertThat(floats(place, memory)).containsOnly(Float.NaN);
            place.fill(memory, 2f);
            place.free(memory);
            MemorySegment again = place.allocate(64, "y");
            assertThat(again.address()).isEqualTo(memory.address());
            assertThat(floats(place, again)).containsOnly(Float.NaN);
            place.free(again);
        } finally {
            System.clearProperty("gatun.memory.debug");
        }
    }

    private static float[] floats(Place place, MemorySegment memory) {
        float[] values = new float[Math.toIntExact(memory.byteSize() / 4)];
        place.copy(memory, MemorySegment.ofArray(values));
        return values;
    }
}
