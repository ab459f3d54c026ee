package io.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.memory.Place;
import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.CopySpec;
import io.gatun.spec.Dims;
import io.gatun.spec.Direction;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.PReluSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.Spec;
import io.gatun.spec.WhereSpec;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Four at a time where all addresses allow, else one by one: the same bits. */
@RequiresCuda
class AlignmentTest {
    private Kernels kernels;

    @BeforeEach
    void open() {
        kernels = Kernels.open("cuda", 1);
    }

    @AfterEach
    void close() {
        kernels.close();
    }

    static List<Spec> specs() {
        List<Spec> specs = new ArrayList<>(List.of(
                new DropoutSpec(1_003, 0.3f),
                new DropoutSpec(64, 0.5f),
                new WhereSpec(203, false, false),
                new CopySpec(true, Dims.of(9, 20), Dims.of(24, 1), Dims.of(28, 1)),
                new CopySpec(false, Dims.of(9, 20), Dims.of(0, 1), Dims.of(20, 1)),
                new ActivationSpec(Direction.FORWARD, Activation.GELU, 1_027),
                new ActivationSpec(Direction.BACKWARD, Activation.SILU, 1_027)));
        for (Direction direction : Direction.values()) {
            specs.add(new PReluSpec(direction, 70, 20, false));
            specs.add(new PReluSpec(direction, 70, 20, true));
        }
        for (BinarySpec.Broadcast broadcast : BinarySpec.Broadcast.values()) {
            specs.add(new BinarySpec(BinarySpec.Op.DIV, broadcast, 9, 20));
            specs.add(new BinarySpec(BinarySpec.Op.SUB, broadcast, 9, 21));
        }
        // Channels that fill 16 bytes of float, of 16 bits too, or neither, and one quad more.
        for (int c : new int[] {4, 7, 8, 12, 136}) {
            for (Direction direction : Direction.values()) {
                for (PoolSpec.Op op : PoolSpec.Op.values()) {
                    specs.add(PoolSpec.of(op, 2, 5, 4, c, 3, 2, 1).with(direction));
                }
                for (AdaptivePoolSpec.Op op : AdaptivePoolSpec.Op.values()) {
                    specs.add(new AdaptivePoolSpec(direction, op, 1, 5, 4, c, 3, 3));
                }
            }
            specs.add(PoolSpec.global(2, 7, 6, c));
        }
        return specs.stream()
                .flatMap(spec -> spec instanceof WhereSpec
                        ? Stream.of(spec)
                        : Stream.of(spec, new MixedSpec(spec, DType.BF16), new MixedSpec(spec, DType.F16)))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("specs")
    void fourAtATimeGiveTheBitsOfOneByOne(Spec spec) {
        Plan plan = kernels.plan(spec);
        byte[] aligned = run(plan, 0);
        assertThat(run(plan, 1)).isEqualTo(aligned).isNotEqualTo(new byte[aligned.length]);
    }

    /** What is written, with operands at this distance in elements from an aligned address. */
    private static byte[] run(Plan plan, int distance) {
        Place place = plan.place();
        List<MemorySegment> blocks = new ArrayList<>();
        List<MemorySegment> operands = new ArrayList<>();
        for (Operand operand : plan.operands()) {
            MemorySegment block = place.allocate(operand.bytes() + 64, "test");
            MemorySegment memory = block.asSlice((long) operand.type().bytes() * distance, operand.bytes());
            place.copy(MemorySegment.ofArray(content(operand)).asSlice(0, operand.bytes()), memory);
            blocks.add(block);
            operands.add(memory);
        }
        plan.run(operands.toArray(MemorySegment[]::new));
        ByteArrayOutputStream results = new ByteArrayOutputStream();
        for (int i = 0; i < operands.size(); i++) {
            if (plan.operands().get(i).written()) {
                byte[] result = new byte[(int) operands.get(i).byteSize()];
                place.copy(operands.get(i), MemorySegment.ofArray(result));
                results.writeBytes(result);
            }
        }
        blocks.forEach(place::free);
        return results.toByteArray();
    }

    private static byte[] content(Operand operand) {
        byte[] bytes = new byte[(int) operand.bytes() + 8];
        MemorySegment memory = MemorySegment.ofArray(bytes);
        for (int i = 0; i < operand.elements(); i++) {
            float value = (i * 7 + operand.name().hashCode() % 100) % 13 / 4f - 1.3f;
            switch (operand.type()) {
                case F32 -> memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, value);
                case F16 -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(value));
                case BF16 ->
                    memory.set(
                            ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) (Float.floatToRawIntBits(value) >>> 16));
                case I32 -> memory.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * i, i * 7 % 20);
                default -> memory.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i, i + 5);
            }
        }
        return bytes;
    }
}
