package io.gatun.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class AgreementTest {
    private static final Spec SPEC = GemmSpec.of(8, 8, 64);

    @Test
    void findsOneWrongElementAndNaN() {
        NativeMemory memory = NativeMemory.standard();
        try (Kernels kernels = Kernels.open("reference", 1, memory);
                ParameterScope scope = memory.parameters("test")) {
            Entrant a = Entrant.of("reference", kernels, SPEC, 1, scope);
            Entrant b = Entrant.of("reference", kernels, SPEC, 1, scope);
            a.run();
            b.run();
            assertThat(Agreement.of(a, b).worst()).isZero();
            float right = b.buffer(2).getAtIndex(ValueLayout.JAVA_FLOAT, 17);
            b.buffer(2).setAtIndex(ValueLayout.JAVA_FLOAT, 17, right + 0.01f);
            Agreement wrong = Agreement.of(a, b);
            assertThat(wrong.holds()).isFalse();
            assertThat(wrong.operand()).isEqualTo("c");
            assertThat(wrong.element()).isEqualTo(17);
            b.buffer(2).setAtIndex(ValueLayout.JAVA_FLOAT, 17, Float.NaN);
            assertThat(Agreement.of(a, b).holds()).isFalse();
        }
    }

    @Test
    void quantilesInterpolate() {
        double[] samples = {4, 1, 3, 2};
        assertThat(Quantile.of(samples, 0)).isEqualTo(1);
        assertThat(Quantile.of(samples, 0.5)).isCloseTo(2.5, within(1e-12));
        assertThat(Quantile.of(samples, 0.25)).isCloseTo(1.75, within(1e-12));
    }
}
