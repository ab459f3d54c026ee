package io.gatun.memory;

/** Work of a device that was collected once ({@link Place#capture}) and is started again as one; on the same memory. */
public interface Replay extends AutoCloseable {
    /** Starts all of it behind what was started before; returns at once. */
    void launch();

    /** Waits for the device and forgets the work. */
    @Override
    void close();
}
