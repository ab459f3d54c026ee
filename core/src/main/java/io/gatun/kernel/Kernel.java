package io.gatun.kernel;

/**
 * A ready implementation of one {@link io.gatun.spec.Spec}: immutable and safe for concurrent use. It trusts its
 * caller: {@link Plan} has checked sizes, liveness, alignment and overlap before.
 *
 * <p>A kernel is given a <em>frame</em>: {@code frame[i]} is the address of operand {@code i} in the order of
 * {@code spec.operands()}, {@code frame[operands]} the address of its scratch memory (64-byte aligned, any content),
 * and the slots after that ({@link Plan#FRAME} in all) are free for values that the kernel's own tasks need. Nothing is
 * allocated, logged or chosen in {@link #execute}.
 */
public interface Kernel {
    /** What ran, for logs and benchmarks: {@code simd:gemm 6x4x16}, {@code onednn:jit:avx512_core}. */
    String implementation();

    /** Scratch bytes that {@link #execute} needs, shared by all its tasks. */
    default long scratchBytes() {
        return 0;
    }

    /** Bytes of the {@link Operand.Access#WORKSPACE} operand, for the specs that have one. */
    default long workspaceBytes() {
        return 0;
    }

    /**
     * On the host: runs on the caller's thread and, through its {@code Workers}, on the pool; returns when all is written.
     * On a device: starts what is to be done, behind all that was started there before.
     */
    void execute(long[] frame);
}
