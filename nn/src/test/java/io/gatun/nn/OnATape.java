package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A tape on the Java kernels for each test, which must leave no memory open. */
public abstract class OnATape {
    protected final NativeMemory memory = new NativeMemory(new MemoryBudget(1L << 28), true);
    protected Kernels kernels;
    protected Tape tape;

    @BeforeEach
    void open() {
        kernels = Kernels.open("simd", 2);
        tape = new Tape(kernels, memory, 0, 3);
    }

    @AfterEach
    void close() {
        tape.close();
        kernels.close();
        assertThat(memory.leaks()).isEmpty();
    }

    /** Uses a module that has its memory. */
    protected final <M extends Module> void with(M module, Consumer<M> use) {
        try (Parameters _ = module.allocate(memory, 1)) {
            use.accept(module);
        }
    }

    /** Small whole numbers, none 0. */
    protected static float[] integers(Shape shape, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < values.length; i++) {
            int value = random.nextInt(-3, 4);
            values[i] = value >= 0 ? value + 1 : value;
        }
        return values;
    }

    /** Normal numbers. */
    protected static float[] normal(Shape shape, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
