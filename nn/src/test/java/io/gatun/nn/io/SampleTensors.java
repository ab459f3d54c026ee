package io.gatun.nn.io;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** One tensor of most types: the same as in make_golden.py. */
final class SampleTensors {
    static final Map<String, String> METADATA = Map.of("epoch", "3", "note", "quote \" and ünïcode");

    private SampleTensors() {}

    static List<NamedTensor> all(Arena arena) {
        return List.of(
                tensor(
                        arena,
                        "conv.weight",
                        TensorType.F32,
                        b -> {
                            for (int i = 0; i < 24; i++) {
                                b.putFloat(i / 8f - 1);
                            }
                        },
                        2,
                        3,
                        4),
                tensor(arena, "steps", TensorType.I64, b -> b.putLong(-1).putLong(1L << 40), 2),
                tensor(arena, "ids", TensorType.I32, b -> b.putInt(7).putInt(-7).putInt(Integer.MAX_VALUE), 3),
                tensor(arena, "pixels", TensorType.U8, b -> b.put(new byte[] {0, (byte) 128, (byte) 255}), 3),
                tensor(arena, "wide", TensorType.F64, b -> b.putDouble(0.1).putDouble(-1e300), 2),
                tensor(
                        arena,
                        "half",
                        TensorType.F16,
                        b -> b.putShort((short) 0x3E00).putShort((short) 0xC000),
                        2),
                tensor(
                        arena,
                        "brain",
                        TensorType.BF16,
                        b -> b.putShort((short) 0x3FC0).putShort((short) 0xC000),
                        2),
                tensor(arena, "flag", TensorType.BOOL, b -> b.put(new byte[] {1, 0}), 2),
                tensor(arena, "scalar", TensorType.F32, b -> b.putFloat(3.25f)),
                tensor(arena, "empty", TensorType.F32, b -> {}, 0, 5));
    }

    private static NamedTensor tensor(
            Arena arena, String name, TensorType type, Consumer<ByteBuffer> fill, long... shape) {
        MemorySegment data = arena.allocate(type.bytes(shape), 8);
        fill.accept(data.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN));
        return new NamedTensor(name, type, shape, data);
    }
}
