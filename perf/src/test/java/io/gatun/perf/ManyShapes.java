package io.gatun.perf;

import io.gatun.autograd.Images;
import io.gatun.autograd.Matrices;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ResidentMemory;
import java.io.IOException;

/** The forked JVM of {@link ManyShapesTest}: prints by how many bytes its resident memory grew. */
final class ManyShapes {
    private static final int WARM = 500;
    private static final int STEPS = 5_000;

    private ManyShapes() {}

    public static void main(String[] arguments) throws IOException {
        NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 28), false);
        try (Kernels kernels = Kernels.open(arguments[0], 2, memory);
                Tape tape = new Tape(kernels, memory, 1 << 22, 1)) {
            for (int i = 0; i < WARM; i++) {
                step(tape, i);
            }
            long before = ResidentMemory.bytes();
            for (int i = WARM; i < WARM + STEPS; i++) {
                step(tape, i);
            }
            System.out.println("grew by " + (ResidentMemory.bytes() - before) + " bytes");
        }
    }

    /** Forward and backward of a convolution and of a linear layer, of shapes that no other step has. */
    private static void step(Tape tape, int i) {
        tape.reset();
        Tensor images = tape.zeros(Shape.of(1, 4 + i % 50, 4 + i / 50, 4)).requiresGrad(true);
        Tensor filters = tape.zeros(Shape.of(8, 3, 3, 4)).requiresGrad(true);
        Images.conv2d(images, filters, null, new Images.Window(1, 1, 1, 1))
                .relu()
                .sum()
                .backward();
        tape.reset();
        Tensor weights = tape.zeros(Shape.of(80, 8)).requiresGrad(true);
        Matrices.linear(tape.zeros(Shape.of(70 + i, 8)), weights, null).sum().backward();
    }
}
