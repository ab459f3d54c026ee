package io.gatun.cuda.vendor;

import io.gatun.memory.Owned;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.HashSet;
import java.util.Set;

/**
 * What kernels stand on beside their own bytes: descriptors and plans of the library. They are given back when their kernel
 * is gone (a program whose batches all differ in size drops its plans now and then), at the latest with the session. Not
 * thread-safe.
 */
final class Parts implements AutoCloseable {
    private static final class Held extends PhantomReference<VendorKernel> {
        private final Owned parts;

        private Held(VendorKernel kernel, ReferenceQueue<VendorKernel> gone, Owned parts) {
            super(kernel, gone);
            this.parts = parts;
        }
    }

    private final ReferenceQueue<VendorKernel> gone = new ReferenceQueue<>();
    private final Set<Held> held = new HashSet<>();

    /** One that was asked for and not collected yet. */
    private Reference<? extends VendorKernel> next;

    void hold(VendorKernel kernel, Owned parts) {
        held.add(new Held(kernel, gone, parts));
    }

    /** Whether there is something to collect. */
    boolean anyGone() {
        next = next == null ? gone.poll() : next;
        return next != null;
    }

    /** Gives back what belonged to kernels that are gone. */
    void collect() {
        while (anyGone()) {
            Held kernel = (Held) next;
            next = null;
            held.remove(kernel);
            kernel.parts.close();
        }
    }

    @Override
    public void close() {
        Owned all = new Owned();
        held.forEach(kernel -> all.add(kernel.parts));
        held.clear();
        all.close();
    }
}
