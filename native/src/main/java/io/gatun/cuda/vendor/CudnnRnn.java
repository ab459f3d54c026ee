package io.gatun.cuda.vendor;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.runtime.CudaRuntime.Copy;
import io.gatun.kernel.Offer;
import io.gatun.spec.Pass;

/**
 * LSTM, GRU and plain recurrent layers by cuDNN: one call forward, two backward. Weights are copied into cuDNN's weight
 * space before and their gradients out of it afterwards, some bytes beside what the layer reads. The workspace is cuDNN's
 * reserve space; backward works on a copy, because cuDNN writes into it and ours is only read.
 */
final class CudnnRnn {
    private final CudaContext context;
    private final RnnProblem problem;
    private final RnnLayer layer;

    /** Of the first operand with weights. */
    private final int weightsIh;

    private final Slot src;
    private final Slot dst;
    private final Slot h0;
    private final Slot c0;

    private CudnnRnn(CudaContext context, RnnProblem problem, RnnLayer layer) {
        this.context = context;
        this.problem = problem;
        this.layer = layer;
        this.weightsIh = problem.operand("weightsIh");
        this.src = slot("src");
        this.dst = slot("dst");
        this.h0 = slot("h0");
        this.c0 = slot("c0");
    }

    static Offer offer(CudnnSession session, RnnProblem problem) {
        if ((long) problem.t() * problem.b() == 0) {
            return Offer.refused("cuDNN has no empty sequences");
        }
        return Offer.of(session.holding(parts -> {
            CudnnRnn made = new CudnnRnn(session.context, problem, new RnnLayer(session, problem, parts));
            return problem.pass() == Pass.BACKWARD ? made.backward() : made.forward();
        }));
    }

    /** Where an operand is in a frame. */
    @FunctionalInterface
    private interface Slot {
        long of(long[] frame);
    }

    /** Null for an operand that the spec has not. */
    private Slot slot(String name) {
        int index = problem.operand(name);
        return index < 0 ? _ -> 0 : frame -> frame[index];
    }

    private RnnLayer.Sequence sequence(long[] frame) {
        return new RnnLayer.Sequence(src.of(frame), dst.of(frame));
    }

    private RnnLayer.State start(long[] frame) {
        return new RnnLayer.State(h0.of(frame), c0.of(frame));
    }

    private VendorKernel forward() {
        Slot hn = slot("hn");
        Slot cn = slot("cn");
        Slot workspace = slot("workspace");
        Room room = new Room();
        long weights = room.take(layer.weights().bytes());
        long work = room.take(layer.workBytes());
        return kernel(room, (frame, scratch) -> {
            layer.weights().pack(context, frame, weightsIh, scratch + weights);
            layer.forward(
                    sequence(frame),
                    start(frame),
                    new RnnLayer.State(hn.of(frame), cn.of(frame)),
                    new RnnLayer.Space(scratch + weights, scratch + work, workspace.of(frame)));
        });
    }

    private VendorKernel backward() {
        Slot workspace = slot("workspace");
        Slot diffDst = slot("diffDst");
        Slot diffHn = slot("diffHn");
        Slot diffCn = slot("diffCn");
        Slot diffH0 = slot("diffH0");
        Slot diffC0 = slot("diffC0");
        Slot diffSrc = slot("diffSrc");
        int diffWeightsIh = problem.operand("diffWeightsIh");
        Room room = new Room();
        long weights = room.take(layer.weights().bytes());
        long diffWeights = room.take(layer.weights().bytes());
        long work = room.take(layer.workBytes());
        long reserve = room.take(layer.reserveBytes());
        boolean unwanted = problem.constantSrc();
        // cuDNN computes it in any case.
        long spare = room.take(unwanted ? 4L * problem.t() * problem.b() * problem.i() : 0);
        return kernel(room, (frame, scratch) -> {
            RnnLayer.Space space = new RnnLayer.Space(scratch + weights, scratch + work, scratch + reserve);
            layer.weights().pack(context, frame, weightsIh, space.weights());
            copyReserve(workspace.of(frame), space.reserve());
            layer.backwardData(
                    sequence(frame),
                    start(frame),
                    new RnnLayer.Sequence(unwanted ? scratch + spare : diffSrc.of(frame), diffDst.of(frame)),
                    new RnnLayer.State(diffHn.of(frame), diffCn.of(frame)),
                    new RnnLayer.State(diffH0.of(frame), diffC0.of(frame)),
                    space);
            zero(scratch + diffWeights, layer.weights().bytes());
            layer.backwardWeights(sequence(frame), start(frame), scratch + diffWeights, space);
            layer.weights().unpack(context, scratch + diffWeights, frame, diffWeightsIh);
        });
    }

    private VendorKernel kernel(Room room, VendorKernel.Calls calls) {
        return new VendorKernel(
                context, problem.spec(), layer.implementation(), room.bytes(), layer.reserveBytes(), calls);
    }

    private void copyReserve(long from, long to) {
        context.runtime()
                .copyAsync(
                        to,
                        from,
                        layer.reserveBytes(),
                        Copy.DEVICE_TO_DEVICE,
                        context.stream().handle());
    }

    private void zero(long address, long bytes) {
        context.runtime().memsetAsync(address, 0, bytes, context.stream().handle());
    }
}
