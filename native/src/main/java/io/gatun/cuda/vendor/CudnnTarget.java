package io.gatun.cuda.vendor;

/** The device that cuDNN plans for: what says so to the descriptors that want to know. Not finished yet, all three. */
interface CudnnTarget {
    void graph(CudnnDescriptor graph);

    void heuristics(CudnnDescriptor heuristics);

    void plan(CudnnDescriptor plan);

    /** The device of a {@code cudnnHandle_t}. */
    record OfHandle(long handle) implements CudnnTarget {
        @Override
        public void graph(CudnnDescriptor graph) {
            graph.set(CudnnAttribute.GRAPH_HANDLE, handle);
        }

        /** Those of a graph know its handle. */
        @Override
        public void heuristics(CudnnDescriptor heuristics) {}

        @Override
        public void plan(CudnnDescriptor plan) {
            plan.set(CudnnAttribute.PLAN_HANDLE, handle);
        }
    }
}
