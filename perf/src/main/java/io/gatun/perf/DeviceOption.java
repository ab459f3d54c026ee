package io.gatun.perf;

import picocli.CommandLine.Option;

/** Which of several GPUs a command works on. */
final class DeviceOption {
    @Option(names = "--device", paramLabel = "N", description = "With --backend cuda: which GPU, from 0. Default: 0")
    private Integer device;

    DeviceOption() {}

    /**
     * To be called before kernels are opened, which read the choice where a Java program would make it.
     *
     * @throws IllegalArgumentException if the backend has no devices
     */
    void choose(String backend) {
        if (device == null) {
            return;
        }
        if (!backend.equals("cuda")) {
            throw new IllegalArgumentException("--device " + device + " is for --backend cuda, not for " + backend);
        }
        if (device < 0) {
            throw new IllegalArgumentException("--device " + device + " is less than 0; devices are counted from 0");
        }
        System.setProperty("gatun.cuda.device", device.toString());
    }
}
