package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;

/** Names of oneDNN's instruction-set tiers. */
final class Isa {
    private Isa() {}

    /** Whether oneDNN's code here has fused multiply-add. */
    static boolean hasFma() {
        int isa = Dnnl.dnnl_get_effective_cpu_isa();
        return isa != Dnnl.dnnl_cpu_isa_sse41() && isa != Dnnl.dnnl_cpu_isa_avx();
    }

    /**
     * Whether products of bytes are added in 32 bits. Without VNNI oneDNN adds pairs of them in 16 bits first (vpmaddubsw),
     * and 2 · 255 · 127 saturates there.
     */
    static boolean addsBytesExactly() {
        int isa = Dnnl.dnnl_get_effective_cpu_isa();
        return isa != Dnnl.dnnl_cpu_isa_default()
                && isa != Dnnl.dnnl_cpu_isa_sse41()
                && isa != Dnnl.dnnl_cpu_isa_avx()
                && isa != Dnnl.dnnl_cpu_isa_avx2()
                && isa != Dnnl.dnnl_cpu_isa_avx512_core();
    }

    /** Whether the code that was chosen multiplies on AMX tiles. */
    static boolean usesTiles(Primitive primitive) {
        return primitive.implementation().contains("amx");
    }

    /** Whether oneDNN may choose such code here. */
    static boolean hasTiles() {
        int isa = Dnnl.dnnl_get_effective_cpu_isa();
        return isa == Dnnl.dnnl_cpu_isa_avx512_core_amx() || isa == Dnnl.dnnl_cpu_isa_avx10_1_512_amx_fp16();
    }

    /** What oneDNN generates code for here, after {@code ONEDNN_MAX_CPU_ISA}. */
    static String effective() {
        int isa = Dnnl.dnnl_get_effective_cpu_isa();
        if (isa == Dnnl.dnnl_cpu_isa_sse41()) {
            return "SSE4.1";
        } else if (isa == Dnnl.dnnl_cpu_isa_avx()) {
            return "AVX";
        } else if (isa == Dnnl.dnnl_cpu_isa_avx2()) {
            return "AVX2";
        } else if (isa == Dnnl.dnnl_cpu_isa_avx2_vnni()) {
            return "AVX2 with VNNI";
        } else if (isa == Dnnl.dnnl_cpu_isa_avx512_core()) {
            return "AVX-512";
        } else if (isa == Dnnl.dnnl_cpu_isa_avx512_core_vnni()) {
            return "AVX-512 with VNNI";
        } else if (isa == Dnnl.dnnl_cpu_isa_avx512_core_bf16()) {
            return "AVX-512 with BF16";
        } else if (isa == Dnnl.dnnl_cpu_isa_avx512_core_fp16()) {
            return "AVX-512 with FP16";
        } else if (hasTiles()) {
            return "AVX-512 with AMX";
        }
        return "0x" + Integer.toHexString(isa);
    }
}
