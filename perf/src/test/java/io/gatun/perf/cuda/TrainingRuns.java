package io.gatun.perf.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.Emulation;
import java.util.Map;

/** What training on the CUDA backend must be for any net, on the emulator. */
final class TrainingRuns {
    private TrainingRuns() {}

    /** The net's steps have the CPU's losses within 1e-5 of them, and nothing but CUDA kernels ran. */
    static void stepsAreThoseOfTheCpu(EmulatedNet net) {
        try (EmulatedTraining host = new EmulatedTraining(net, "simd");
                EmulatedTraining device = new EmulatedTraining(net, "cuda")) {
            for (int i = 0; i < net.steps(); i++) {
                float expected = host.eager();
                assertThat(device.eager())
                        .as("loss of step %d of %s, emulated", i, net)
                        .isCloseTo(expected, within(1e-5f * Math.abs(expected)));
            }
            assertThat(distance(device.values(), host.values()))
                    .as("parameters of %s, emulated: distance from the CPU's", net)
                    .isLessThan(1e-4);
            assertThat(device.kernels().plans()).allMatch(plan -> plan.backend().equals("cuda"));
        }
    }

    /** Every parameter's gradient is the CPU's, and so are the running statistics after it. */
    static void gradientsAreThoseOfTheCpu(EmulatedNet net) {
        try (EmulatedTraining host = new EmulatedTraining(net, "simd");
                EmulatedTraining device = new EmulatedTraining(net, "cuda")) {
            Map<String, float[]> actual = device.gradients();
            for (Map.Entry<String, float[]> expected : host.gradients().entrySet()) {
                assertThat(distance(actual.get(expected.getKey()), expected.getValue()))
                        .as("the gradient of %s of %s, emulated: distance from the CPU's", expected.getKey(), net)
                        .isLessThan(5e-5);
            }
            assertThat(distance(device.buffers(), host.buffers()))
                    .as("running statistics of %s, emulated: distance from the CPU's", net)
                    .isLessThan(1e-5);
        }
    }

    /** Of two vectors, in lengths of the second. */
    private static double distance(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double between = 0;
        double length = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = (double) actual[i] - expected[i];
            between += difference * difference;
            length += (double) expected[i] * expected[i];
        }
        return between == 0 ? 0 : Math.sqrt(between / length);
    }

    /** Steps in two graphs, and in one, have the bits of steps built anew; closing gives everything back. */
    static void graphsGiveTheBitsOfEagerSteps(EmulatedNet net, int steps) {
        // A GPU does not say what it holds.
        long objects = Emulation.onDevice() ? 0 : EmulatedDevice.liveObjects();
        try (EmulatedTraining eager = new EmulatedTraining(net, "cuda");
                EmulatedTraining captured = new EmulatedTraining(net, "cuda");
                EmulatedTraining launched = new EmulatedTraining(net, "cuda")) {
            for (int i = 0; i < steps; i++) {
                float loss = eager.eager();
                assertThat(captured.captured())
                        .as("loss of step %d of %s in two graphs, emulated", i, net)
                        .isEqualTo(loss);
                launched.launched();
                assertThat(launched.noted(1)[0])
                        .as("loss of step %d of %s in one graph, emulated", i, net)
                        .isEqualTo(loss);
                assertThat(captured.repeating()).isEqualTo(i > 0);
                assertThat(launched.repeating()).isEqualTo(i > 0);
            }
            assertThat(captured.values()).isEqualTo(eager.values());
            assertThat(launched.values()).isEqualTo(eager.values());
            assertThat(captured.buffers()).isEqualTo(eager.buffers());
            assertThat(launched.buffers()).isEqualTo(eager.buffers());
            if (!Emulation.onDevice()) {
                assertThat(EmulatedDevice.liveObjects()).isGreaterThan(objects);
            }
        }
        if (!Emulation.onDevice()) {
            assertThat(EmulatedDevice.liveObjects()).isEqualTo(objects);
            assertThat(EmulatedDevice.liveBytes()).isZero();
        }
    }
}
