package io.gatun.cuda;

import io.gatun.bindings.cudart.CudaRt;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.cuda.runtime.CudaFunction;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.cuda.runtime.CudaStream;
import io.gatun.cuda.runtime.GraphExec;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.memory.Owned;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One device in this process, shared by all who open it and closed with the last of them: the runtime, one stream on which
 * everything runs in order, the device's memory, and the kernels that were loaded. Safe for concurrent use: whoever puts
 * something on the stream holds the {@link #lock}.
 */
public final class CudaContext implements AutoCloseable {
    private static final Map<Integer, CudaContext> OPEN = new HashMap<>();

    private final CudaRuntime runtime;
    private final String capability;
    private final int multiprocessors;
    private final CudaStream stream;
    private final DeviceFault fault;
    private final DevicePlace place;
    private final PtxModules modules;
    private final Owned owned = new Owned();
    private final ReentrantLock lock = new ReentrantLock();
    private int references = 1;

    /** What the work stands on that is being captured; null while none is. */
    private Set<Kernel> captured;

    private volatile boolean closed;

    private CudaContext(int device) {
        runtime = new CudaRuntime(device);
        String name = "cuda:" + device;
        try {
            capability = runtime.attribute(CudaRt.cudaDevAttrComputeCapabilityMajor()) + "."
                    + runtime.attribute(CudaRt.cudaDevAttrComputeCapabilityMinor());
            multiprocessors = runtime.multiprocessors();
            stream = owned.add(new CudaStream(runtime));
            fault = owned.add(new DeviceFault(runtime));
            modules = owned.add(new PtxModules(runtime));
            DeviceBudget budget =
                    DeviceBudget.standard(name, runtime.memoryInfo().free());
            place = owned.add(new DevicePlace(this, name, budget));
            owned.add(this::settle);
        } catch (RuntimeException e) {
            throw owned.closedAfter(e);
        }
    }

    /**
     * The context of the device that {@code -Dgatun.cuda.device} names, 0 if none: made, or shared if it is open.
     *
     * @throws NativeUnavailableException in one sentence, if there is no driver, library or device
     * @throws IllegalArgumentException naming a property {@code -Dgatun.cuda.*} whose value cannot be
     */
    public static CudaContext open() {
        CudaSettings.require();
        int device = CudaSettings.device();
        CudaLibraries.require(device);
        synchronized (OPEN) {
            CudaContext context = OPEN.get(device);
            if (context != null) {
                context.references++;
                return context;
            }
            try {
                context = new CudaContext(device);
            } catch (CudaException e) {
                throw new NativeUnavailableException(e.getMessage(), e);
            }
            OPEN.put(device, context);
            Places.opened(context.place);
            return context;
        }
    }

    public CudaRuntime runtime() {
        return runtime;
    }

    public CudaStream stream() {
        return stream;
    }

    public Place place() {
        return place;
    }

    /** How kernels report numbers that are out of range. */
    public DeviceFault fault() {
        return fault;
    }

    /** Streaming multiprocessors: for figures, never for how a sum is cut. */
    public int multiprocessors() {
        return multiprocessors;
    }

    /** {@code 9.0} on an H100. */
    public String capability() {
        return capability;
    }

    /**
     * A kernel of a PTX file, which is loaded when first needed.
     *
     * @throws CudaException naming the module, and the kernel if the module has none of that name
     * @throws IllegalStateException if it is first needed while this thread captures
     */
    public CudaFunction function(String module, String name) {
        lock();
        try {
            requireOpen();
            CudaFunction loaded = modules.loaded(module, name);
            if (loaded != null) {
                return loaded;
            }
            requireNoCapture("load kernel " + name);
            return modules.load(module, name);
        } finally {
            unlock();
        }
    }

    /** Must be held while something is put on the stream. Reentrant. */
    public void lock() {
        lock.lock();
    }

    public void unlock() {
        lock.unlock();
    }

    /** @throws IllegalStateException if the last who had it open has closed it */
    public void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the CUDA context was closed; open the kernels again");
        }
    }

    /** Whether the last who had it open has closed it, and all memory on the device was freed. */
    boolean closed() {
        return closed;
    }

    /** Runs {@code work} with the stream's lock. */
    public void onStream(Runnable work) {
        lock();
        try {
            requireOpen();
            work.run();
        } finally {
            unlock();
        }
    }

    /**
     * Collects what {@code work} puts on the stream, without running it, to be launched as one. Run the work once before:
     * kernels and memory are made then. Other threads wait meanwhile.
     *
     * @param name what errors call it
     * @throws IllegalStateException if the work has to wait for the device: by copying to or from the host, say
     */
    public GraphExec capture(String name, Runnable work) {
        lock();
        try {
            requireOpen();
            requireNoCapture("capture " + name);
            captured = new HashSet<>();
            try {
                return GraphExec.capture(runtime, stream, name, work).keeping(captured);
            } finally {
                captured = null;
            }
        } finally {
            unlock();
        }
    }

    /** Whether the work of this thread is being collected; the caller has the lock. */
    public boolean capturing() {
        return captured != null;
    }

    /**
     * Says that this kernel runs, the caller having the lock: a graph that is being captured keeps it until it is closed. For
     * kernels whose code goes with them; that of a PTX file stays as long as this.
     */
    public void runs(Kernel kernel) {
        if (captured != null) {
            captured.add(kernel);
        }
    }

    /** Before whatever a capture cannot hold; the caller has the lock. */
    void requireNoCapture(String what) {
        if (capturing() && lock.isHeldByCurrentThread()) {
            throw new IllegalStateException("cannot " + what + " while a step is captured on " + place.name()
                    + ": do it before the step or after");
        }
    }

    /**
     * Waits until all that was put on the stream is done.
     *
     * @throws IndexOutOfBoundsException if a kernel was given an index out of range
     * @throws io.gatun.cuda.runtime.CudaContextLostException if a kernel faulted
     */
    public void synchronize() {
        lock();
        try {
            requireOpen();
            requireNoCapture("wait for the device");
            stream.synchronize();
            fault.check();
        } finally {
            unlock();
        }
    }

    /** Before anything is given back. */
    private void settle() {
        if (!lost()) {
            stream.synchronize();
        }
    }

    /** Whether a fault has ended it: every use throws then, and the CPU backends still work. */
    public boolean lost() {
        return runtime.lost();
    }

    String usage() {
        return place.usage();
    }

    /** Gives up one {@link #open}; with the last one everything on the device is freed. */
    @Override
    public void close() {
        synchronized (OPEN) {
            if (--references > 0) {
                return;
            }
            OPEN.remove(runtime.device());
            Places.closed(place);
        }
        lock();
        try {
            closed = true;
            owned.close();
        } finally {
            unlock();
        }
    }
}
