package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Operand;
import io.gatun.memory.Scope;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/**
 * Puts a kernel together: descriptors, primitives, and the steps in which they run. Close it when the kernel is made;
 * what the kernel did not take is destroyed then. Belongs to one thread.
 */
final class Recipe implements AutoCloseable {
    private final Engine engine;
    private final Spec spec;
    private final int threads;
    private final List<Operand> operands;
    private final Descriptors descriptors;
    private final List<Primitive> primitives = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();
    private final List<OneDnnKernel.Step> steps = new ArrayList<>();
    private long temporaries;
    private long workspaceBytes;

    /** A recipe whose primitives are made for {@code threads} OpenMP threads. */
    Recipe(Engine engine, Spec spec, int threads) {
        this.engine = engine;
        this.spec = spec;
        this.threads = threads;
        this.operands = spec.operands();
        this.descriptors = new Descriptors(spec);
        HotCalls.setThreads(threads);
    }

    Descriptors descriptors() {
        return descriptors;
    }

    MemorySegment engine() {
        return engine.handle();
    }

    Workers workers() {
        return engine.workers();
    }

    /**
     * Makes a primitive.
     *
     * @throws Refusal if oneDNN has none, or only its reference implementation, which one Java loop beats
     */
    Primitive primitive(String call, Primitive.Creation creation) {
        MemorySegment description = Primitive.describe(spec, call, creation);
        String name = Primitive.implementation(description);
        if (name.startsWith("ref")) {
            Dnnl.dnnl_primitive_desc_destroy(description);
            throw new Refusal("oneDNN has only its reference implementation (" + name + ") of this");
        }
        return compiled(description);
    }

    /** Makes a primitive even if oneDNN calls it a reference: its recurrent cells are built from fast parts. */
    Primitive anyPrimitive(String call, Primitive.Creation creation) {
        return compiled(Primitive.describe(spec, call, creation));
    }

    /** A copy from one layout to another, of whatever implementation. */
    Primitive reorder(MemorySegment from, MemorySegment to) {
        return anyPrimitive(
                "dnnl_reorder_primitive_desc_create",
                out -> Dnnl.dnnl_reorder_primitive_desc_create(
                        out, from, engine.handle(), to, engine.handle(), descriptors.attributes()));
    }

    private Primitive compiled(MemorySegment description) {
        try {
            Primitive primitive = Primitive.make(spec, description);
            primitives.add(primitive);
            return primitive;
        } catch (RuntimeException e) {
            Dnnl.dnnl_primitive_desc_destroy(description);
            throw e;
        }
    }

    /** Where the operand of this name lies. */
    Invocation.Place operand(String name) {
        for (int i = 0; i < operands.size(); i++) {
            Operand operand = operands.get(i);
            if (operand.name().equals(name)) {
                boolean opaque = operand.access() == Operand.Access.WORKSPACE;
                return new Invocation.Place(i, 0, opaque ? workspaceBytes : operand.bytes());
            }
        }
        throw new AssertionError(spec + " has no operand " + name);
    }

    /** Sets the size of the workspace operand. */
    void workspace(long bytes) {
        workspaceBytes = bytes;
    }

    /** Room in the scratch memory, of any content. */
    Invocation.Place temporary(long bytes) {
        Invocation.Place place = new Invocation.Place(operands.size(), temporaries, bytes);
        temporaries += Scope.aligned(bytes);
        return place;
    }

    /** Pieces for work of so many units: one for each thread if that leaves at least {@code least} units for each. */
    int pieces(long units, long least) {
        return units / engine.threads() >= Math.max(1, least) ? engine.threads() : 1;
    }

    /** Adds a step done by Java. */
    void run(OneDnnKernel.Step step) {
        steps.add(step);
    }

    /** Adds an execution of a primitive on the caller's thread (and OpenMP's). */
    Call run(Primitive primitive) {
        Call call = new Call(primitive, 0, 1, 0);
        steps.add(frame -> call.invocation.run(frame, 0, 0));
        return call;
    }

    /**
     * Adds a step that does {@code total} units (images, rows) in pieces on the pool. Their sizes differ by one at most,
     * so two primitives do. One piece runs on the caller's thread, with OpenMP.
     *
     * @param make makes the primitive for so many units
     * @param bind says where its arguments lie, and may add steps that come before
     */
    Primitive divide(long total, int pieces, LongFunction<Primitive> make, Consumer<Call> bind) {
        return divide(total, pieces, make, bind, null);
    }

    /** As above; each thread does {@code after} to the piece it has done, in the same step. Not for a single piece. */
    Primitive divide(long total, int pieces, LongFunction<Primitive> make, Consumer<Call> bind, After after) {
        long larger = total % pieces;
        long size = total / pieces;
        Call small = new Call(make.apply(size), larger, size, pieces - 1);
        bind.accept(small);
        if (pieces == 1) {
            steps.add(frame -> small.invocation.run(frame, 0, 0));
            return small.primitive;
        }
        if (larger == 0) {
            Task task = (frame, index, worker) -> small.invocation.run(frame, index, worker);
            Task both = after == null
                    ? task
                    : (frame, index, worker) -> {
                        task.run(frame, index, worker);
                        after.run(frame, index * size, size);
                    };
            steps.add(frame -> workers().runApart(pieces, both, frame));
            return small.primitive;
        }
        Call large = new Call(make.apply(size + 1), 0, size + 1, larger - 1);
        bind.accept(large);
        Task task = (frame, index, worker) -> (index < larger ? large : small).invocation.run(frame, index, worker);
        Task both = after == null
                ? task
                : (frame, index, worker) -> {
                    task.run(frame, index, worker);
                    after.run(frame, index * size + Math.min(index, larger), index < larger ? size + 1 : size);
                };
        steps.add(frame -> workers().runApart(pieces, both, frame));
        return large.primitive;
    }

    /** What Java does to {@code count} units of a result, from unit {@code first} on, when they have been computed. */
    @FunctionalInterface
    interface After {
        void run(long[] frame, long first, long count);
    }

    /** The arguments of one execution. */
    final class Call {
        private final Primitive primitive;
        private final long first;
        private final long size;
        private final long last;
        private final List<Invocation.Binding> bindings = new ArrayList<>();
        private Invocation invocation;

        /**
         * The arguments of pieces of {@code size} units, {@code last} the last of them. {@code first} units lie before
         * where piece 0 would begin if all had this size: the extra ones of the larger pieces.
         */
        private Call(Primitive primitive, long first, long size, long last) {
            this.primitive = primitive;
            this.first = first;
            this.size = size;
            this.last = last;
            calls.add(this);
        }

        /** Argument {@code key} is the whole operand: each piece reads the same. */
        Call with(int key, Invocation.Place place) {
            return bind(key, place, 0);
        }

        Call with(int key, String operand) {
            return with(key, operand(operand));
        }

        /** Argument {@code key} is an operand of so many elements in a row, a scale or a zero point. */
        Call vector(int key, String operand, int type, long elements) {
            Invocation.Vector vector = new Invocation.Vector(type, elements);
            bindings.add(new Invocation.Binding(key, operand(operand), 0, 0, vector));
            return this;
        }

        /** Argument {@code key} is a piece's units of an operand that has {@code unit} bytes for each. */
        Call part(int key, String operand, long unit) {
            return part(key, operand(operand), unit);
        }

        Call part(int key, Invocation.Place whole, long unit) {
            return bind(key, whole.from(first * unit), size * unit);
        }

        /** The layout that the primitive has or has chosen for an argument. */
        MemorySegment layout(int key) {
            return primitive.argument(key);
        }

        /** Argument {@code key} is one for each piece, {@code stride} bytes apart. */
        Call each(int key, Invocation.Place place, long stride) {
            return bind(key, place, stride);
        }

        /** oneDNN itself cannot see a short buffer, so the layout's bytes are compared with the operand's here. */
        private Call bind(int key, Invocation.Place place, long perPiece) {
            MemorySegment layout = primitive.argument(key);
            long bytes = MemorySegment.NULL.equals(layout) ? 0 : Descriptors.bytes(layout);
            long end = last * perPiece + bytes;
            if (bytes == 0 || end > place.bytes()) {
                throw new OneDnnException(spec + ": argument " + key + " of " + primitive.implementation() + " takes "
                        + end + " bytes, its operand has " + place.bytes());
            }
            bindings.add(new Invocation.Binding(key, place, perPiece, 0));
            return this;
        }
    }

    /** The kernel; its name is that of {@code main}, the primitive that does the work. */
    OneDnnKernel kernel(Primitive main) {
        long scratchpad = 0;
        for (Primitive primitive : primitives) {
            scratchpad = Math.max(scratchpad, Scope.aligned(primitive.scratchpadBytes()));
        }
        Invocation.Place shared = new Invocation.Place(operands.size(), temporaries, scratchpad);
        List<Invocation> invocations = new ArrayList<>();
        for (Call call : calls) {
            if (call.primitive.scratchpadBytes() > 0) {
                call.bindings.add(new Invocation.Binding(Dnnl.DNNL_ARG_SCRATCHPAD(), shared, 0, scratchpad));
            }
            call.invocation = new Invocation(engine, spec, call.primitive, threads, call.bindings);
            invocations.add(call.invocation);
        }
        OneDnnKernel kernel = new OneDnnKernel(
                "onednn:" + main.implementation(),
                temporaries + scratchpad * engine.threads(),
                workspaceBytes,
                List.copyOf(steps),
                List.copyOf(primitives),
                List.copyOf(invocations));
        primitives.clear();
        return kernel;
    }

    @Override
    public void close() {
        primitives.forEach(Primitive::close);
        descriptors.close();
    }
}
