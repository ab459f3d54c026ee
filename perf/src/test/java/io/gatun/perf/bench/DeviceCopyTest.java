package io.gatun.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the yardstick moves, whatever the device. */
class DeviceCopyTest {
    private final List<MemorySegment> copied = new ArrayList<>();

    /** Notes what is copied and does nothing. */
    private Place place() {
        return (Place) Proxy.newProxyInstance(
                Place.class.getClassLoader(), new Class<?>[] {Place.class}, (_, method, arguments) -> {
                    if (method.getName().equals("copy")) {
                        copied.add((MemorySegment) arguments[0]);
                        copied.add((MemorySegment) arguments[1]);
                    }
                    return null;
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "axpby f32 count=1000 beta=1.0",
                "adamw f32 count=1000",
                "batchnorm bf16 training relu rows=50 c=8",
                "batchnorm f32 backward residual relu rows=50 c=8"
            })
    void movesTheBytesThatTheSpecCounts(String line) {
        Spec spec = Spec.parse(line);
        try (ParameterScope scope = NativeMemory.standard().parameters("test")) {
            DeviceCopy copy = new DeviceCopy(spec, place(), scope);
            copy.run();
            long bytes = copied.stream().mapToLong(MemorySegment::byteSize).sum();
            double wanted = spec.bytes() + spec.bytesAgain();
            assertThat((double) bytes).as("read and written").isBetween(wanted - 2, wanted);
            assertThat(copy.once()).isEqualTo(spec.bytes() / wanted);
            for (int i = 0; i < copied.size(); i += 2) {
                assertThat(copied.get(i).byteSize()).isEqualTo(copied.get(i + 1).byteSize());
                assertThat(copied.get(i).asOverlappingSlice(copied.get(i + 1))).isEmpty();
            }
        }
    }
}
