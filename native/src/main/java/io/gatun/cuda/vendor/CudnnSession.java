package io.gatun.cuda.vendor;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.gatun.bindings.cudnn.Cudnn;
import io.gatun.cuda.CudaContext;
import io.gatun.cuda.NvidiaLibrary;
import io.gatun.kernel.Offer;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An open cuDNN, whose work goes to the context's stream. */
final class CudnnSession extends VendorSession {
    /** Of the text that cuDNN gives beside a status. */
    private static final long MESSAGE = 1024;

    private final MemorySegment handle;
    private final Map<Spec, WeakReference<VendorKernel>> kernels = new HashMap<>();
    private long made;

    CudnnSession(CudaContext context) {
        super(NvidiaLibrary.CUDNN, context, new Statuses(context.runtime(), CudnnSession::name));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            statuses.check(Cudnn.cudnnCreate(pointer), "cudnnCreate", "opening cuDNN");
            handle = pointer.get(ADDRESS, 0);
        }
        owned.add(() -> statuses.checkClosed(Cudnn.cudnnDestroy(handle), "cudnnDestroy"));
        try {
            MemorySegment stream = MemorySegment.ofAddress(context.stream().handle());
            statuses.check(Cudnn.cudnnSetStream(handle, stream), "cudnnSetStream", "opening cuDNN");
        } catch (RuntimeException e) {
            throw owned.closedAfter(e);
        }
    }

    /** {@code CUDNN_STATUS_BAD_PARAM: its own words}, which cuDNN then forgets. */
    @SuppressWarnings("restricted")
    static String name(int status) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(MESSAGE);
            Cudnn.cudnnGetLastErrorString(message, MESSAGE);
            String name = Cudnn.cudnnGetErrorString(status).reinterpret(256).getString(0);
            String words = message.getString(0).strip();
            return words.isEmpty() ? name : name + ": " + words;
        }
    }

    MemorySegment handle() {
        return handle;
    }

    /** A spec that is asked for again, by {@code explain} say, has its kernel still, and engines are compiled once. */
    @Override
    Offer make(Spec spec) {
        WeakReference<VendorKernel> known = kernels.get(spec);
        VendorKernel kernel = known == null ? null : known.get();
        if (kernel != null) {
            return Offer.of(kernel);
        }
        kernels.values().removeIf(gone -> gone.refersTo(null));
        Offer offer =
                switch (spec) {
                    case ConvSpec conv -> CudnnConv.offer(this, conv);
                    case MixedSpec mixed when mixed.of() instanceof ConvSpec conv -> CudnnConv.offer(this, mixed, conv);
                    case LstmSpec lstm -> CudnnRnn.offer(this, RnnProblem.of(lstm));
                    case GruSpec gru -> CudnnRnn.offer(this, RnnProblem.of(gru));
                    case RnnSpec rnn -> CudnnRnn.offer(this, RnnProblem.of(rnn));
                    case MixedSpec mixed
                    when recurrent(mixed.of()) ->
                        Offer.refused("a recurrent layer in 16 bits has biases and gradients of parameters in 16 bits"
                                + " there too, and these are f32");
                    default -> Offer.refused("only convolutions and recurrent layers");
                };
        if (offer instanceof Offer.Taken(VendorKernel taken)) {
            made++;
            kernels.put(spec, new WeakReference<>(taken));
        }
        return offer;
    }

    private static boolean recurrent(Spec spec) {
        return spec instanceof LstmSpec || spec instanceof GruSpec || spec instanceof RnnSpec;
    }

    @Override
    public List<String> describe() {
        List<String> lines = new ArrayList<>(super.describe());
        context.lock();
        try {
            lines.add(made + " kernels made; a convolution's workspace is at most " + CudnnEngines.MOST_WORKSPACE
                    + " bytes");
        } finally {
            context.unlock();
        }
        return List.copyOf(lines);
    }
}
