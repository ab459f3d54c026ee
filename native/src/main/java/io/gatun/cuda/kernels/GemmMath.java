package io.gatun.cuda.kernels;

/** Multiply-adds in fp32, or on the tensor cores with factors in TF32, bf16 or binary16. */
enum GemmMath {
    F32("gemm", "f32", 4),
    TF32("gemm_tf32", "tf32", 4),
    BF16("gemm_bf16", "bf16", 2),
    F16("gemm_f16", "f16", 2);

    final String module;
    final String suffix;

    /** Of an element of A, B and, if it is not wide, C. */
    final int bytes;

    GemmMath(String module, String suffix, int bytes) {
        this.module = module;
        this.suffix = suffix;
        this.bytes = bytes;
    }
}
