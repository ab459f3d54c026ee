package io.gatun.cuda.vendor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gatun.bindings.cudnn.Cudnn;
import io.gatun.cuda.kernels.Gemm;
import io.gatun.memory.Owned;
import io.gatun.spec.Pass;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.ToIntFunction;

/**
 * cuDNN's descriptors of one layer in one direction over sequences of one length, and the calls that run it. Used under the
 * context's lock.
 */
final class RnnLayer {
    /** {@code CUDNN_FMA_MATH}: products of floats in fp32; by default they may be in TF32. */
    private static final int FMA_MATH = 3;

    /** Any hidden size; the persistent ones, which have limits, nobody has measured yet. */
    private static final int ALGORITHM = Cudnn.CUDNN_RNN_ALGO_STANDARD();

    /** Equal lengths leave nothing to pack, and none is copied to the device. */
    private static final MemorySegment NO_LENGTHS = MemorySegment.NULL;

    /** Statuses from 3000 to 3999 refuse what is well formed. */
    private static final int NOT_SUPPORTED = Cudnn.CUDNN_STATUS_NOT_SUPPORTED() / 1000;

    /** Addresses of all inputs [t, b, i] and outputs [t, b, h], or of their gradients. */
    record Sequence(long src, long dst) {}

    /** Addresses of h and c [b, h]; c is 0 where a layer has none. */
    record State(long h, long c) {}

    /** Addresses of weights, cuDNN's workspace, and its reserve space, which is 0 for inference. */
    record Space(long weights, long work, long reserve) {}

    private final CudnnSession session;
    private final RnnProblem problem;
    private final Owned parts;
    private final boolean inference;
    private final MemorySegment rnn;
    private final MemorySegment src;
    private final MemorySegment dst;
    private final MemorySegment state;
    private final WeightSpace weights;
    private final long workBytes;
    private final long reserveBytes;

    /**
     * With its descriptors among the parts.
     *
     * @throws Refusal if cuDNN does not have it
     */
    RnnLayer(CudnnSession session, RnnProblem problem, Owned parts) {
        this.session = session;
        this.problem = problem;
        this.parts = parts;
        this.inference = problem.pass() == Pass.INFERENCE;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            rnn = rnn(pointer, noDropout(pointer));
            src = sequence(arena, pointer, problem.i());
            dst = sequence(arena, pointer, problem.h());
            state = state(arena, pointer);
            MemorySegment bytes = arena.allocate(JAVA_LONG);
            MemorySegment reserve = arena.allocate(JAVA_LONG);
            check(
                    Cudnn.cudnnGetRNNTempSpaceSizes(session.handle(), rnn, mode(), src, bytes, reserve),
                    "cudnnGetRNNTempSpaceSizes");
            workBytes = bytes.get(JAVA_LONG, 0);
            reserveBytes = inference ? 0 : reserve.get(JAVA_LONG, 0);
            check(Cudnn.cudnnGetRNNWeightSpaceSize(session.handle(), rnn, bytes), "cudnnGetRNNWeightSpaceSize");
            weights = weights(arena, bytes.get(JAVA_LONG, 0));
        }
    }

    private MemorySegment noDropout(MemorySegment pointer) {
        check(Cudnn.cudnnCreateDropoutDescriptor(pointer), "cudnnCreateDropoutDescriptor");
        MemorySegment dropout =
                part(parts, pointer, Cudnn::cudnnDestroyDropoutDescriptor, "cudnnDestroyDropoutDescriptor");
        check(
                Cudnn.cudnnSetDropoutDescriptor(dropout, session.handle(), 0, MemorySegment.NULL, 0, 0),
                "cudnnSetDropoutDescriptor");
        return dropout;
    }

    private MemorySegment rnn(MemorySegment pointer, MemorySegment dropout) {
        check(Cudnn.cudnnCreateRNNDescriptor(pointer), "cudnnCreateRNNDescriptor");
        MemorySegment descriptor = part(parts, pointer, Cudnn::cudnnDestroyRNNDescriptor, "cudnnDestroyRNNDescriptor");
        int layers = 1;
        check(
                Cudnn.cudnnSetRNNDescriptor_v8(
                        descriptor,
                        ALGORITHM,
                        problem.cell(),
                        problem.twoBiases() ? Cudnn.CUDNN_RNN_DOUBLE_BIAS() : Cudnn.CUDNN_RNN_SINGLE_INP_BIAS(),
                        Cudnn.CUDNN_UNIDIRECTIONAL(),
                        Cudnn.CUDNN_LINEAR_INPUT(),
                        Cudnn.CUDNN_DATA_FLOAT(),
                        Cudnn.CUDNN_DATA_FLOAT(),
                        Gemm.tf32() ? Cudnn.CUDNN_DEFAULT_MATH() : FMA_MATH,
                        problem.i(),
                        problem.h(),
                        problem.h(),
                        layers,
                        dropout,
                        Cudnn.CUDNN_RNN_PADDED_IO_DISABLED()),
                "cudnnSetRNNDescriptor_v8");
        return descriptor;
    }

    /** Of [t, b, width]: all of one length, so packed is dense. */
    private MemorySegment sequence(Arena arena, MemorySegment pointer, int width) {
        check(Cudnn.cudnnCreateRNNDataDescriptor(pointer), "cudnnCreateRNNDataDescriptor");
        MemorySegment data =
                part(parts, pointer, Cudnn::cudnnDestroyRNNDataDescriptor, "cudnnDestroyRNNDataDescriptor");
        int[] lengths = new int[problem.b()];
        Arrays.fill(lengths, problem.t());
        check(
                Cudnn.cudnnSetRNNDataDescriptor(
                        data,
                        Cudnn.CUDNN_DATA_FLOAT(),
                        Cudnn.CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED(),
                        problem.t(),
                        problem.b(),
                        width,
                        arena.allocateFrom(JAVA_INT, lengths),
                        MemorySegment.NULL),
                "cudnnSetRNNDataDescriptor");
        return data;
    }

    /** Of [1, b, h]. */
    private MemorySegment state(Arena arena, MemorySegment pointer) {
        MemorySegment tensor = tensor(parts, pointer);
        check(
                Cudnn.cudnnSetTensorNdDescriptor(
                        tensor,
                        Cudnn.CUDNN_DATA_FLOAT(),
                        3,
                        arena.allocateFrom(JAVA_INT, 1, problem.b(), problem.h()),
                        arena.allocateFrom(JAVA_INT, problem.b() * problem.h(), problem.h(), 1)),
                "cudnnSetTensorNdDescriptor");
        return tensor;
    }

    private MemorySegment tensor(Owned owner, MemorySegment pointer) {
        check(Cudnn.cudnnCreateTensorDescriptor(pointer), "cudnnCreateTensorDescriptor");
        return part(owner, pointer, Cudnn::cudnnDestroyTensorDescriptor, "cudnnDestroyTensorDescriptor");
    }

    /**
     * Where cuDNN wants the rows of each gate. It counts the gates of the inputs and then those of the state, in the order
     * of our specs, and says where a matrix is in a space that begins at an address it does not read.
     */
    private WeightSpace weights(Arena arena, long bytes) {
        MemorySegment somewhere = MemorySegment.ofAddress(1L << 32);
        WeightSpace space = new WeightSpace(bytes);
        MemorySegment matrix = arena.allocate(ADDRESS);
        MemorySegment bias = arena.allocate(ADDRESS);
        int gates = problem.gates();
        long row = 4L * problem.h();
        try (Owned shapes = new Owned()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            MemorySegment shape = tensor(shapes, pointer);
            MemorySegment biasShape = tensor(shapes, pointer);
            for (int id = 0; id < 2 * gates; id++) {
                int layer = 0;
                check(
                        Cudnn.cudnnGetRNNWeightParams(
                                session.handle(), rnn, layer, bytes, somewhere, id, shape, matrix, biasShape, bias),
                        "cudnnGetRNNWeightParams");
                int of = id / gates;
                space.add(
                        of,
                        matrix.get(JAVA_LONG, 0) - somewhere.address(),
                        row * (of == 0 ? problem.i() : problem.h()));
                if (of == 0 || problem.twoBiases()) {
                    space.add(2 + of, bias.get(JAVA_LONG, 0) - somewhere.address(), row);
                }
            }
        }
        return space;
    }

    private int mode() {
        return inference ? Cudnn.CUDNN_FWD_MODE_INFERENCE() : Cudnn.CUDNN_FWD_MODE_TRAINING();
    }

    String implementation() {
        return "cudnn:" + problem.name() + "-" + (Gemm.tf32() ? "tf32" : "f32");
    }

    WeightSpace weights() {
        return weights;
    }

    long workBytes() {
        return workBytes;
    }

    long reserveBytes() {
        return reserveBytes;
    }

    void forward(Sequence sequence, State start, State end, Space space) {
        begun(
                Cudnn.cudnnRNNForward(
                        session.handle(),
                        rnn,
                        mode(),
                        NO_LENGTHS,
                        src,
                        at(sequence.src),
                        dst,
                        at(sequence.dst),
                        state,
                        at(start.h),
                        at(end.h),
                        state,
                        at(start.c),
                        at(end.c),
                        weights.bytes(),
                        at(space.weights),
                        workBytes,
                        at(space.work),
                        reserveBytes,
                        at(space.reserve)),
                "cudnnRNNForward");
    }

    /** Changes the reserve space into what {@link #backwardWeights} needs. */
    void backwardData(Sequence sequence, State start, Sequence diff, State diffEnd, State diffStart, Space space) {
        begun(
                Cudnn.cudnnRNNBackwardData_v8(
                        session.handle(),
                        rnn,
                        NO_LENGTHS,
                        dst,
                        at(sequence.dst),
                        at(diff.dst),
                        src,
                        at(diff.src),
                        state,
                        at(start.h),
                        at(diffEnd.h),
                        at(diffStart.h),
                        state,
                        at(start.c),
                        at(diffEnd.c),
                        at(diffStart.c),
                        weights.bytes(),
                        at(space.weights),
                        workBytes,
                        at(space.work),
                        reserveBytes,
                        at(space.reserve)),
                "cudnnRNNBackwardData_v8");
    }

    /** Adds to {@code diffWeights}; comes after {@link #backwardData}. */
    void backwardWeights(Sequence sequence, State start, long diffWeights, Space space) {
        begun(
                Cudnn.cudnnRNNBackwardWeights_v8(
                        session.handle(),
                        rnn,
                        Cudnn.CUDNN_WGRAD_MODE_ADD(),
                        NO_LENGTHS,
                        src,
                        at(sequence.src),
                        state,
                        at(start.h),
                        dst,
                        at(sequence.dst),
                        weights.bytes(),
                        at(diffWeights),
                        workBytes,
                        at(space.work),
                        reserveBytes,
                        at(space.reserve)),
                "cudnnRNNBackwardWeights_v8");
    }

    private static MemorySegment at(long address) {
        return MemorySegment.ofAddress(address);
    }

    private MemorySegment part(Owned owner, MemorySegment pointer, ToIntFunction<MemorySegment> destroy, String call) {
        MemorySegment made = pointer.get(ADDRESS, 0);
        Statuses statuses = session.statuses;
        owner.add(() -> statuses.checkClosed(destroy.applyAsInt(made), call));
        return made;
    }

    /** Of a call that describes the layer: what is not supported is an answer. */
    private void check(int status, String call) {
        if (status / 1000 == NOT_SUPPORTED) {
            throw new Refusal("cuDNN does not have this layer (" + call + ")");
        }
        begun(status, call);
    }

    /** Of a call that begins work: nobody else can take over any more. */
    private void begun(int status, String call) {
        session.statuses.check(status, call, problem.spec());
    }
}
