package io.gatun.perf.cuda;

import io.gatun.cuda.RequiresCuda;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Published nets in training on the CUDA backend, on the emulator. */
@Tag("heavy")
@RequiresCuda
class CudaWholeNetsTest {
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "SMALL_.*")
    void stepsAreThoseOfTheCpu(EmulatedNet net) {
        TrainingRuns.stepsAreThoseOfTheCpu(net);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "SMALL_.*")
    void gradientsAreThoseOfTheCpu(EmulatedNet net) {
        TrainingRuns.gradientsAreThoseOfTheCpu(net);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_NONE, names = "SMALL_.*")
    void graphsGiveTheBitsOfEagerSteps(EmulatedNet net) {
        TrainingRuns.graphsGiveTheBitsOfEagerSteps(net, 2);
    }
}
