package io.gatun.simd;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import jdk.incubator.vector.VectorSpecies;

/**
 * How many vector registers C2 may use: a tile of C that is larger spills in every step of its loop and runs at half the
 * speed, one that is smaller reads more than it multiplies. The width does not tell: {@code -XX:MaxVectorSize=32} leaves
 * AVX-512 its 32 registers, and {@code -XX:UseAVX=2}, which is the JVM's choice on some processors, does not.
 */
final class Registers {
    private Registers() {}

    /** What the JVM says, or {@code -Dgatun.simd.registers=16|32}. */
    static int count(VectorSpecies<Float> widest) {
        Integer demanded = Integer.getInteger("gatun.simd.registers");
        if (demanded != null) {
            if (demanded != 16 && demanded != 32) {
                throw new IllegalArgumentException("gatun.simd.registers=" + demanded + ": known are 16 and 32");
            }
            return demanded;
        }
        boolean x86 = System.getProperty("os.arch").matches("amd64|x86_64");
        return !x86 || widest.vectorBitSize() == 512 || useAvx() >= 3 ? 32 : 16;
    }

    /** The JVM's level of AVX, 3 for AVX-512; 0 if it does not say. */
    private static int useAvx() {
        try {
            CompositeData option = (CompositeData) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=HotSpotDiagnostic"),
                            "getVMOption",
                            new Object[] {"UseAVX"},
                            new String[] {String.class.getName()});
            return Integer.parseInt((String) option.get("value"));
        } catch (JMException | RuntimeException e) {
            return 0;
        }
    }
}
