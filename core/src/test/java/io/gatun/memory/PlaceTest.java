package io.gatun.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.spec.AxpbySpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is asked of a place, on one whose "device" is the host's memory behind a keeper's back. */
class PlaceTest {
    private final StandInPlace device = new StandInPlace("cuda:0", 1 << 20);

    @BeforeEach
    void opens() {
        Places.opened(device);
    }

    @AfterEach
    void closes() {
        Places.closed(device);
        device.close();
    }

    @Test
    void aDevicesSegmentHasASizeAndCannotBeTouched() {
        MemorySegment block = device.allocate(1024, "test");
        MemorySegment slice = block.asSlice(64, 16);
        assertThat(slice.byteSize()).isEqualTo(16);
        assertThat(slice.address()).isEqualTo(block.address() + 64);
        assertThat(Place.of(slice)).isSameAs(device);
        assertThat(Place.HOST.holds(slice)).isFalse();
        assertThat(device.holds(slice)).isTrue();
        assertThatThrownBy(() -> slice.get(ValueLayout.JAVA_FLOAT, 0)).isInstanceOf(WrongThreadException.class);
        device.free(block);
        assertThat(slice.scope().isAlive()).isFalse();
    }

    @Test
    void everyKindOfHostMemoryIsTheHosts() {
        try (Arena confined = Arena.ofConfined();
                Arena shared = Arena.ofShared()) {
            for (MemorySegment host : new MemorySegment[] {
                confined.allocate(8), shared.allocate(8), Arena.global().allocate(8), MemorySegment.ofArray(new byte[8])
            }) {
                assertThat(Place.of(host)).isSameAs(Place.HOST);
                assertThat(Place.HOST.holds(host)).isTrue();
                assertThat(device.holds(host)).isFalse();
            }
        }
    }

    @Test
    void aPlanRefusesMemoryOfAnotherPlaceAndNamesBoth() {
        MemorySegment there = device.allocate(16, "test");
        try (Kernels kernels = Kernels.open("reference", 1);
                Arena arena = Arena.ofConfined()) {
            MemorySegment here = arena.allocate(16);
            assertThatThrownBy(() -> kernels.plan(new AxpbySpec(4, 1, 0)).run(here, there))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("lies on cuda:0 and this plan works on host");
        }
        device.free(there);
    }

    @Test
    void scopesGiveADevicesMemoryBackAndCountIt() {
        NativeMemory memory = NativeMemory.of(device);
        try (ParameterScope parameters = memory.parameters("model");
                StepSlab slab = memory.slab("step", 4096)) {
            MemorySegment values = parameters.allocate(100, "weights");
            assertThat(values.byteSize()).isEqualTo(100);
            assertThat(device.bytes(values)).containsOnly(0);
            MemorySegment first = slab.allocate(20_000, "x");
            long address = first.address();
            slab.free(first);
            assertThat(slab.allocate(20_000, "y").address()).isEqualTo(address);
            slab.reset();
            assertThat(device.budget().used()).isPositive().isEqualTo(device.live());
        }
        assertThat(device.budget().used()).isZero();
        assertThat(device.live()).isZero();
    }

    @Test
    void aRequestBeyondTheBudgetChangesNothing() {
        NativeMemory memory = NativeMemory.of(device);
        try (ParameterScope parameters = memory.parameters("model")) {
            assertThatThrownBy(() -> parameters.allocate(2 << 20, "weights"))
                    .isInstanceOf(NativeMemoryException.class)
                    .hasMessageContaining("weights");
            device.failNext();
            assertThatThrownBy(() -> parameters.allocate(4096, "weights")).isInstanceOf(NativeMemoryException.class);
            assertThat(device.budget().used()).isZero();
        }
    }

    @Test
    void floatsGoRoundARing() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ring = arena.allocate(12, 4);
            MemorySegment value = arena.allocate(4, 4);
            MemorySegment number = arena.allocate(8, 8);
            for (int i = 0; i < 5; i++) {
                value.set(ValueLayout.JAVA_FLOAT, 0, i);
                number.set(ValueLayout.JAVA_LONG, 0, i);
                Place.HOST.put(value, ring, number);
            }
            assertThat(ring.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(3, 4, 2);
            MemorySegment odd = arena.allocate(16, 8).asSlice(2, 12);
            for (MemorySegment[] wrong : new MemorySegment[][] {
                {ring, ring, number},
                {odd.asSlice(0, 4), ring, number},
                {value, ring.asSlice(0, 0), number},
                {value, ring.asSlice(0, 6), number},
                {value, odd, number},
                {value, ring, number.asSlice(4)},
                {value, ring, odd.asSlice(0, 8)}
            }) {
                assertThatThrownBy(() -> Place.HOST.put(wrong[0], wrong[1], wrong[2]))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("cannot put " + wrong[0].byteSize() + " bytes at " + wrong[0].address() + " into "
                                + wrong[1].byteSize() + " bytes at " + wrong[1].address() + " by "
                                + wrong[2].byteSize() + " bytes at " + wrong[2].address()
                                + "; give one float, whole floats and a 64-bit number, each aligned to its size");
            }
            MemorySegment there = device.allocate(8, "number");
            assertThatThrownBy(() -> Place.HOST.put(value, ring, there))
                    .hasMessage(
                            "cannot put a float into a ring on host: 8 bytes at " + there.address() + " lie on cuda:0");
            device.free(there);
        }
    }

    @Test
    void theHostsMemoryComesFromArenas() {
        assertThatThrownBy(() -> Place.HOST.allocate(8, "x")).isInstanceOf(NativeUnavailableException.class);
        assertThat(Place.HOST.isHost()).isTrue();
        assertThat(Place.HOST.name()).isEqualTo("host");
    }
}
