package io.gatun.cuda.vendor;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.gatun.bindings.cublaslt.CublasLt;
import io.gatun.cuda.CudaContext;
import io.gatun.cuda.NvidiaLibrary;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An open cuBLASLt. */
final class CublasLtSession extends VendorSession {
    private final MemorySegment handle;

    CublasLtSession(CudaContext context) {
        super(NvidiaLibrary.CUBLASLT, context, new Statuses(context.runtime(), CublasLtSession::name));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            statuses.check(CublasLt.cublasLtCreate(pointer), "cublasLtCreate", "opening cuBLASLt");
            handle = pointer.get(ADDRESS, 0);
        }
        owned.add(() -> statuses.checkClosed(CublasLt.cublasLtDestroy(handle), "cublasLtDestroy"));
    }

    @SuppressWarnings("restricted")
    private static String name(int status) {
        return CublasLt.cublasLtGetStatusName(status).reinterpret(256).getString(0);
    }

    /** cuBLASLt's {@code cublasLtHandle_t}. */
    MemorySegment handle() {
        return handle;
    }

    @Override
    Offer make(Spec spec) {
        return switch (spec) {
            case GemmSpec gemm -> CublasLtGemm.offer(this, gemm, gemm, DType.F32, DType.F32);
            case MixedSpec mixed
            when mixed.of() instanceof GemmSpec gemm ->
                CublasLtGemm.offer(this, mixed, gemm, mixed.storage(), mixed.wide() ? DType.F32 : mixed.storage());
            default -> Offer.refused("cuBLASLt has matrix products only");
        };
    }
}
