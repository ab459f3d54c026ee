package io.gatun.cuda.vendor;

import io.gatun.memory.Owned;

/**
 * A finished execution plan: an engine of cuDNN's with its settings, ready to run a graph.
 *
 * @param descriptor of the plan
 * @param engine its number among those of graphs of this kind
 * @param workspace bytes of device memory that it needs while it runs
 * @param parts what it is made of
 */
record CudnnPlan(CudnnDescriptor descriptor, long engine, long workspace, Owned parts) implements AutoCloseable {
    @Override
    public void close() {
        parts.close();
    }
}
