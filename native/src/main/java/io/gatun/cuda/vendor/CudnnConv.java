package io.gatun.cuda.vendor;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.CudaSettings;
import io.gatun.cuda.kernels.Convolution;
import io.gatun.cuda.kernels.Gemm;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Owned;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.util.List;

/**
 * Convolutions by cuDNN. Fast engines want addresses that are multiples of 16; buffers of a net are, others need not be. So
 * each kernel has a second way, for addresses of any element: another engine of cuDNN's, or Gatun's own kernel.
 */
final class CudnnConv {
    /** What fast engines load at once, in bytes. */
    private static final int ALIGNED = 16;

    /** Any multiple of an element's bytes. */
    private static final int ANY = 1;

    /** How many engines are measured where that is asked for. */
    private static final int MOST_MEASURED = 8;

    private final CudnnSession session;
    private final Spec spec;
    private final ConvSpec conv;
    private final DType storage;

    private CudnnConv(CudnnSession session, Spec spec, ConvSpec conv, DType storage) {
        this.session = session;
        this.spec = spec;
        this.conv = conv;
        this.storage = storage;
    }

    /** In fp32: in TF32 only where {@code -Dgatun.cuda.tf32=true} says so. */
    static Offer offer(CudnnSession session, ConvSpec spec) {
        return new CudnnConv(session, spec, spec, DType.F32).offer();
    }

    /** With images and filters in the mixed spec's storage: {@code conv} is what it is of. */
    static Offer offer(CudnnSession session, MixedSpec mixed, ConvSpec conv) {
        return new CudnnConv(session, mixed, conv, mixed.storage()).offer();
    }

    private Offer offer() {
        String refusal = refusal();
        return refusal != null ? Offer.refused(refusal) : Offer.of(session.holding(this::kernel));
    }

    private String refusal() {
        if (conv.operands().stream().anyMatch(operand -> operand.elements() == 0)) {
            return "cuDNN has no empty tensors";
        }
        Activation activation = conv.activation();
        if (!activation.equals(Activation.IDENTITY) && !activation.equals(Activation.RELU)) {
            return "activation " + activation + ", only relu";
        }
        return null;
    }

    private VendorKernel kernel(Owned parts) {
        CudnnPlan fast = planned(parts, ALIGNED, true);
        Kernel bias = biasGradient();
        VendorKernel.Calls aligned = new CudnnRun(session, spec, fast, CudnnConvGraph.operands(conv));
        VendorKernel.Calls any;
        long scratch = Math.max(fast.workspace(), bias == null ? 0 : bias.scratchBytes());
        try {
            CudnnPlan slow = planned(parts, ANY, false);
            any = new CudnnRun(session, spec, slow, CudnnConvGraph.operands(conv));
            scratch = Math.max(scratch, slow.workspace());
        } catch (Refusal unaligned) {
            Kernel own = own(unaligned);
            any = (frame, _) -> own.execute(frame);
            scratch = Math.max(scratch, own.scratchBytes());
        }
        return new VendorKernel(
                session.context, spec, "cudnn:conv engine " + fast.engine(), scratch, 0, calls(aligned, any, bias));
    }

    private VendorKernel.Calls calls(VendorKernel.Calls aligned, VendorKernel.Calls any, Kernel bias) {
        int operands = CudnnConvGraph.operands(conv);
        return (frame, scratch) -> {
            long addresses = 0;
            for (int i = 0; i < operands; i++) {
                addresses |= frame[i];
            }
            (addresses % ALIGNED == 0 ? aligned : any).run(frame, scratch);
            if (bias != null) {
                bias.execute(frame);
            }
        };
    }

    /** @throws Refusal if cuDNN has no engine for it that keeps the promises */
    private CudnnPlan planned(Owned parts, int alignment, boolean best) {
        Owned graph = parts.add(new Owned());
        CudnnTarget target = new CudnnTarget.OfHandle(session.handle().address());
        CudnnDescriptor finished = new CudnnConvGraph(session.statuses, spec, conv, alignment, graph).finish(target);
        CudnnNumerics numerics = new CudnnNumerics(storage != DType.F32 || Gemm.tf32(), best);
        CudnnEngines engines = new CudnnEngines(session.statuses, spec, target, finished, numerics);
        boolean measured = best && CudaSettings.measure();
        List<CudnnPlan> plans = engines.plans(measured ? MOST_MEASURED : 1);
        plans.forEach(parts::add);
        return plans.size() == 1 ? plans.getFirst() : new CudnnTrial(session, spec, conv).fastest(plans);
    }

    /** The gradient of the bias by Gatun's own kernel, after the others; null where there is none. */
    private Kernel biasGradient() {
        if (conv.direction() != ConvSpec.Direction.BACKWARD_WEIGHTS || !conv.bias()) {
            return null;
        }
        return VendorSession.own(Convolution.biasGradient(session.context, conv, storage), spec);
    }

    private Kernel own(Refusal unaligned) {
        CudaContext context = session.context;
        Offer own = spec instanceof MixedSpec mixed
                ? Convolution.offer(context, mixed, conv)
                : Convolution.offer(context, conv);
        if (own instanceof Offer.Refused(String reason)) {
            throw new Refusal("addresses that are no multiples of " + ALIGNED + ": " + unaligned.getMessage()
                    + "; and for Gatun's own kernel: " + reason);
        }
        return VendorSession.own(own, spec);
    }
}
