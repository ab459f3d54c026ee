package io.gatun.cuda.kernels;

import io.gatun.kernel.DType;

/** Multiply-adds in fp32, or on the tensor cores with factors in TF32, bf16 or binary16. */
enum ConvMath {
    F32("conv", DType.F32),
    TF32("conv_tf32", DType.F32),
    BF16("conv_bf16", DType.BF16),
    F16("conv_f16", DType.F16);

    /** The .cu file of the implicit GEMMs; the direct kernels of all are in conv_direct. */
    final String module;

    /** Of images and filters in memory. Biases and what comes of sums over pixels is always float. */
    final DType storage;

    ConvMath(String module, DType storage) {
        this.module = module;
        this.storage = storage;
    }

    /** In this storage, without rounding factors further. */
    static ConvMath of(DType storage) {
        return switch (storage) {
            case BF16 -> BF16;
            case F16 -> F16;
            default -> F32;
        };
    }

    /** What the names of the implicit GEMMs end with. */
    String suffix() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** And those of the kernels that do not use the tensor cores. */
    String direct() {
        return storage.word();
    }
}
