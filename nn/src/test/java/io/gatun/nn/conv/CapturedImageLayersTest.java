package io.gatun.nn.conv;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.AdaptiveAvgPool2d;
import io.gatun.nn.AdaptiveMaxPool2d;
import io.gatun.nn.BatchNorm;
import io.gatun.nn.BatchNorm1d;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.ConvOptions;
import io.gatun.nn.ConvTranspose2d;
import io.gatun.nn.Flatten;
import io.gatun.nn.GroupNorm;
import io.gatun.nn.InstanceNorm;
import io.gatun.nn.InstanceNorm2d;
import io.gatun.nn.LayerNorm;
import io.gatun.nn.Linear;
import io.gatun.nn.OnATape;
import io.gatun.nn.Sequential;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Steps of these layers repeated by {@link CapturedStep} have the bits of steps built anew. */
class CapturedImageLayersTest extends OnATape {
    private static final Shape IMAGES = Shape.of(4, 5, 4, 3);

    private static Sequential net() {
        BatchNorm.Options batch = BatchNorm.Options.DEFAULT;
        InstanceNorm.Options instance = InstanceNorm.Options.DEFAULT;
        return new Sequential(
                new Conv2d(3, 4, ConvOptions.kernel(3, 2).paddingSame()),
                new BatchNorm2d(4, batch.cumulative().relu(true)),
                new ConvTranspose2d(4, 6, ConvOptions.kernel(3).stride(2).outputPadding(1)),
                new InstanceNorm2d(6, instance.trackRunningStats(true)),
                new AdaptiveAvgPool2d(5, 7),
                new GroupNorm(3, 6, 1e-5f, true),
                new AdaptiveMaxPool2d(2, 3),
                new LayerNorm(Shape.of(2, 3, 6), 1e-5f, true, false),
                new Flatten(),
                new BatchNorm1d(36, batch.affine(false).trackRunningStats(false)),
                new Linear(36, 5));
    }

    /** What eight steps leave behind. */
    private int[] train(boolean captured) {
        Sequential net = net();
        // Debug mode repeats nothing.
        NativeMemory plain = new NativeMemory(new MemoryBudget(1L << 26), false);
        try (Parameters parameters = net.allocate(plain, 4);
                ParameterScope scope = plain.parameters("batch");
                Tape own = new Tape(kernels, plain, 0, 9);
                Sgd sgd = new Sgd(kernels, plain, parameters, Schedule.constant(0.1f), Sgd.Options.PLAIN)) {
            MemorySegment input = scope.allocate(4 * IMAGES.elements(), "input");
            MemorySegment targets = scope.allocate(16, "targets");
            Supplier<Tensor> code =
                    () -> Losses.crossEntropy(net.call(own.input(IMAGES, input)), own.indices(Shape.of(4), targets));
            targets.fill((byte) 0);
            CapturedStep step = own.capture(code);
            for (int i = 0; i < 8; i++) {
                MemorySegment.copy(normal(IMAGES, i), 0, input, ValueLayout.JAVA_FLOAT, 0, 240);
                targets.setAtIndex(ValueLayout.JAVA_INT, i % 4, i % 5);
                if (captured) {
                    step.forward(sgd.steps());
                    step.backward();
                    assertThat(step.repeating()).isEqualTo(i > 0);
                } else {
                    own.reset(sgd.steps());
                    code.get().backward();
                }
                sgd.step();
            }
            int[] values = parameters.values().toArray(ValueLayout.JAVA_INT);
            int[] buffers = parameters.buffers().toArray(ValueLayout.JAVA_INT);
            int[] all = Arrays.copyOf(values, values.length + buffers.length);
            System.arraycopy(buffers, 0, all, values.length, buffers.length);
            return all;
        }
    }

    @Test
    void repeatedStepsHaveTheBitsOfNewOnes() {
        assertThat(train(true)).isEqualTo(train(false));
    }
}
