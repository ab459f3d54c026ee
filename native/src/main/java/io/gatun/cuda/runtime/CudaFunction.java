package io.gatun.cuda.runtime;

/**
 * A kernel ready to be launched.
 *
 * @param module the PTX resource it is from
 * @param name the entry's name there
 * @param handle CUDA's {@code cudaKernel_t}
 */
public record CudaFunction(String module, String name, long handle) {
    @Override
    public String toString() {
        return "kernel " + name + " of module " + module;
    }
}
