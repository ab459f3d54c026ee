package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RegistersTest {
    private static final String PROPERTY = "gatun.simd.registers";

    private final String before = System.getProperty(PROPERTY);

    @AfterEach
    void restore() {
        if (before == null) {
            System.clearProperty(PROPERTY);
        } else {
            System.setProperty(PROPERTY, before);
        }
    }

    @Test
    void aDemandIsObeyed() {
        for (int demanded : new int[] {16, 32}) {
            System.setProperty(PROPERTY, Integer.toString(demanded));
            assertThat(Registers.count(FloatVector.SPECIES_128)).isEqualTo(demanded);
            assertThat(Registers.count(FloatVector.SPECIES_512)).isEqualTo(demanded);
        }
    }

    @Test
    void anotherDemandIsRefused() {
        System.setProperty(PROPERTY, "24");
        assertThatThrownBy(() -> Registers.count(FloatVector.SPECIES_256))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("gatun.simd.registers=24: known are 16 and 32");
    }

    @Test
    void theInstructionSetDecidesAndNotTheWidth() {
        System.clearProperty(PROPERTY);
        assertThat(Registers.count(FloatVector.SPECIES_512)).isEqualTo(32);
        int expected = 32;
        if (System.getProperty("os.arch").matches("amd64|x86_64")) {
            HotSpotDiagnosticMXBean jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            expected = Integer.parseInt(jvm.getVMOption("UseAVX").getValue()) >= 3 ? 32 : 16;
        }
        assertThat(Registers.count(FloatVector.SPECIES_128)).isEqualTo(expected);
        assertThat(Registers.count(FloatVector.SPECIES_256)).isEqualTo(expected);
    }
}
