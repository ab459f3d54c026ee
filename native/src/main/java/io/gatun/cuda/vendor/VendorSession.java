package io.gatun.cuda.vendor;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.CudaLibraries;
import io.gatun.cuda.NvidiaLibrary;
import io.gatun.cuda.kernels.CudaKernel;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.kernel.Backend;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.kernel.Offer;
import io.gatun.memory.Owned;
import io.gatun.memory.Place;
import io.gatun.spec.Spec;
import java.util.List;
import java.util.function.Function;

/**
 * An open library of NVIDIA's: one reference to the device's context, the library's handle, and what its kernels were made
 * of. Whatever calls the library holds the context's lock.
 */
abstract class VendorSession implements Backend.Session {
    final CudaContext context;
    final Statuses statuses;

    /** What lives as long as the session: its handle. */
    final Owned owned = new Owned();

    private final NvidiaLibrary library;
    private final Parts parts = new Parts();

    VendorSession(NvidiaLibrary library, CudaContext context, Statuses statuses) {
        this.library = library;
        this.context = context;
        this.statuses = statuses;
    }

    /**
     * Opens the device's context and the library's session on it.
     *
     * @throws NativeUnavailableException in one sentence, if the library is not here, not wanted or does not start
     */
    static VendorSession open(NvidiaLibrary library, Function<CudaContext, VendorSession> session) {
        CudaLibraries.require(library);
        CudaContext context = CudaContext.open();
        try {
            return opened(context, session);
        } catch (CudaException e) {
            context.close();
            throw new NativeUnavailableException(library + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static VendorSession opened(CudaContext context, Function<CudaContext, VendorSession> session) {
        context.lock();
        try {
            context.runtime().ready();
            return session.apply(context);
        } finally {
            context.unlock();
        }
    }

    @Override
    public final Offer offer(Spec spec) {
        context.lock();
        try {
            context.requireOpen();
            context.runtime().ready();
            collect();
            return make(spec);
        } catch (Refusal e) {
            return Offer.refused(e.getMessage());
        } finally {
            context.unlock();
        }
    }

    /** What kernels that are gone stood on, when the device has done what they began; a capture must not wait for it. */
    private void collect() {
        if (!context.capturing() && parts.anyGone()) {
            context.synchronize();
            parts.collect();
        }
    }

    /** The offer, with the context's lock and device; it may throw a {@link Refusal}. */
    abstract Offer make(Spec spec);

    /**
     * Ties what a kernel stands on to its life. If making the kernel fails everything is given back.
     *
     * @param maker puts what it makes into the parts, and returns the kernel
     */
    final VendorKernel holding(Function<Owned, VendorKernel> maker) {
        Owned made = new Owned();
        try {
            VendorKernel kernel = maker.apply(made);
            parts.hold(kernel, made);
            return kernel;
        } catch (RuntimeException e) {
            throw made.closedAfter(e);
        }
    }

    /**
     * The kernel of Gatun's own that runs beside the library's, or in its place.
     *
     * @param spec whose frames it is given
     * @throws Refusal with the offer's reason, if it is one
     */
    static Kernel own(Offer offer, Spec spec) {
        return switch (offer) {
            case Offer.Taken(CudaKernel kernel) -> kernel.of(spec);
            case Offer.Taken(Kernel kernel) -> kernel;
            case Offer.Refused(String reason) -> throw new Refusal(reason);
        };
    }

    @Override
    public Place place() {
        return context.place();
    }

    @Override
    public List<String> describe() {
        return List.of(CudaLibraries.describe(library));
    }

    /** What runs still needs its plan: the code of an engine that was compiled goes with it. */
    private void settle() {
        if (!context.lost()) {
            context.runtime().ready();
            context.stream().synchronize();
        }
    }

    @Override
    public void close() {
        context.lock();
        try {
            owned.add(parts); // made after the handle, and given back before it
            owned.add(this::settle);
            owned.close();
        } finally {
            context.unlock();
            context.close();
        }
    }
}
