package io.gatun.cuda;

import java.util.List;

/**
 * The system properties {@code -Dgatun.cuda.*}, read anew whenever they are asked: a program may set them before what they
 * are about is opened or planned.
 */
public final class CudaSettings {
    private static final String PREFIX = "gatun.cuda.";
    private static final String DEVICE = PREFIX + "device";
    private static final String VENDOR = PREFIX + "vendor";
    private static final String TF32 = PREFIX + "tf32";
    private static final String MEASURE = PREFIX + "measure";

    private static final List<String> KNOWN =
            List.of(PREFIX + "path", DEVICE, DeviceBudget.PROPERTY, VENDOR, TF32, MEASURE);

    /** For tests alone: of convolutions' tiles, and of products by way of floats. */
    private static final List<String> OF_TESTS = List.of(PREFIX + "conv.blocks", PREFIX + "gemm.rounded");

    private CudaSettings() {}

    /**
     * Number of the device to open: {@code -Dgatun.cuda.device}, 0 if it is not set.
     *
     * @throws IllegalArgumentException if it is no whole number from 0 on
     */
    public static int device() {
        String said = System.getProperty(DEVICE, "0");
        if (!said.matches("\\d{1,9}")) {
            throw new IllegalArgumentException(
                    "-D" + DEVICE + "=" + said + " is no number of a device; they are counted from 0");
        }
        return Integer.parseInt(said);
    }

    /** Whether products and convolutions of floats may round their factors to TF32: {@code -Dgatun.cuda.tf32=true}. */
    public static boolean tf32() {
        return flag(TF32, false);
    }

    /** Whether NVIDIA's other libraries are used where they are found: not with {@code -Dgatun.cuda.vendor=false}. */
    public static boolean vendor() {
        return flag(VENDOR, true);
    }

    /** Whether a plan of cuDNN's is the fastest of several that were timed: {@code -Dgatun.cuda.measure=true}. */
    public static boolean measure() {
        return flag(MEASURE, false);
    }

    /**
     * Reads all that a session needs, so that a wrong one is said when it begins and not in its middle.
     *
     * @throws IllegalArgumentException naming the first that is wrong
     */
    static void require() {
        device();
        DeviceBudget.configured();
        tf32();
        vendor();
        measure();
    }

    /** A line for each property that nobody reads, for {@code gatun doctor}: most likely a slip of the pen. */
    static List<String> unknown() {
        return System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith(PREFIX) && !KNOWN.contains(name) && !OF_TESTS.contains(name))
                .sorted()
                .map(name -> "-D" + name + " is unknown and has no effect; known are -D" + String.join(", -D", KNOWN))
                .toList();
    }

    private static boolean flag(String name, boolean usual) {
        String said = System.getProperty(name);
        return switch (said) {
            case null -> usual;
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("-D" + name + "=" + said + " is neither true nor false");
        };
    }
}
