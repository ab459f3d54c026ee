package io.gatun.nn.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Parameters;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.kernel.StandInDevice;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.BatchNorm2d;
import io.gatun.nn.Conv2d;
import io.gatun.nn.Dropout;
import io.gatun.nn.GlobalAvgPool;
import io.gatun.nn.Init;
import io.gatun.nn.InstanceNorm;
import io.gatun.nn.InstanceNorm2d;
import io.gatun.nn.Linear;
import io.gatun.nn.MaxPool2d;
import io.gatun.nn.Module;
import io.gatun.nn.Nonlinearity;
import io.gatun.nn.ResidualBlock;
import io.gatun.nn.Sequential;
import io.gatun.nn.model.CharLstm;
import io.gatun.nn.optim.Schedule;
import io.gatun.nn.optim.Sgd;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Steps on memory that Java cannot touch have the bits of steps on the host: eager, captured and repeated. */
class TrainingOnADeviceTest {
    private static Module images() {
        // What writes memory beside the kernels: dropout, running statistics, norms that are frozen, a layer used
        // twice.
        BatchNorm2d frozen = new BatchNorm2d(8);
        Linear shared = new Linear(16, 16);
        Module net = new Sequential(
                new Conv2d(3, 8, 3, new Window(1, 1, 1, 1), false, Init.kaimingNormal()),
                new BatchNorm2d(8, true),
                new MaxPool2d(2),
                frozen,
                ResidualBlock.bottleneck(8, 4, 2),
                new InstanceNorm2d(16, new InstanceNorm.Options(1e-5f, 0.1f, true, true)),
                new Dropout(0.2f),
                new GlobalAvgPool(),
                shared,
                Nonlinearity.gelu(),
                shared,
                new Linear(16, 10));
        frozen.eval();
        return net;
    }

    private static void sameSteps(Supplier<Module> model, Shape shape, DType precision) {
        try (Side host = Side.of(false, model, shape, precision);
                Side device = Side.of(true, model, shape, precision)) {
            assertThat(device.learned()).as("first values").isEqualTo(host.learned());
            for (int i = 0; i < 9; i++) {
                Side.How how = i < 2 ? Side.How.EAGER : i < 7 ? Side.How.CAPTURED : Side.How.WHOLE;
                float expected = host.step(how);
                assertThat(device.step(how)).as("loss of step " + i).isEqualTo(expected);
                assertThat(device.step.repeating()).isEqualTo(i > 2);
                assertThat(device.learned()).as("after step " + i).isEqualTo(host.learned());
            }
        }
    }

    @Test
    void aResNetsStepsHaveTheHostsBits() {
        sameSteps(TrainingOnADeviceTest::images, Shape.of(4, 8, 8, 3), DType.F32);
    }

    @Test
    void anLstmsStepsHaveTheHostsBits() {
        sameSteps(() -> new CharLstm(10, 12, 16, 2, 0.2f), Shape.of(5, 3), DType.F32);
    }

    @Test
    void stepsInMixedPrecisionHaveTheHostsBits() {
        sameSteps(TrainingOnADeviceTest::images, Shape.of(2, 8, 8, 3), DType.BF16);
        sameSteps(() -> new CharLstm(10, 12, 16, 2, 0.2f), Shape.of(3, 2), DType.F16);
    }

    @Test
    void anOptimizerOfOtherMemoryIsRefused() {
        NativeMemory host = NativeMemory.standard();
        Sgd.Options plain = Sgd.Options.PLAIN;
        Schedule rate = Schedule.constant(1);
        try (Kernels kernels = StandInDevice.open();
                Kernels cpu = Kernels.open("simd", 1, host);
                Parameters there = new Linear(2, 2).allocate(kernels.memory(), 1);
                Parameters here = new Linear(2, 2).allocate(host, 1)) {
            String device = kernels.memory().place().name();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Sgd(kernels, host, there, rate, plain))
                    .withMessage(
                            "an optimizer of kernels on " + device + " cannot have memory on host and parameters on "
                                    + device + "; give it and the model the kernels' memory()");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Sgd(kernels, kernels.memory(), here, rate, plain))
                    .withMessageContaining("memory on " + device + " and parameters on host;");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Sgd(cpu, host, there, rate, plain))
                    .withMessageContaining("kernels on host cannot have memory on host and parameters on " + device);
            new Sgd(kernels, kernels.memory(), there, rate, plain).close();
        }
    }
}
