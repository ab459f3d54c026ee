package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Operand;
import io.gatun.memory.Scope;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts a kernel together: descriptors, primitives, and the steps in which they run. Close it when the kernel is made;
 * what the kernel did not take is destroyed then. Belongs to one thread.
 */
final class Recipe implements AutoCloseable {
    private final Engine engine;
    private final Spec spec;
    private final List<Operand> operands;
    private final Descriptors descriptors;
    private final List<Primitive> primitives = new ArrayList<>();
    private final List<Invocation> invocations = new ArrayList<>();
    private final List<OneDnnKernel.JavaStep> steps = new ArrayList<>();
    private long temporaries;
    private long workspaceBytes;

    Recipe(Engine engine, Spec spec) {
        this.engine = engine;
        this.spec = spec;
        this.operands = spec.operands();
        this.descriptors = new Descriptors(spec);
        HotCalls.setThreads(engine.threads());
    }

    Descriptors descriptors() {
        return descriptors;
    }

    MemorySegment engine() {
        return engine.handle();
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
            if (operands.get(i).name().equals(name)) {
                boolean opaque = operands.get(i).access() == Operand.Access.WORKSPACE;
                return new Invocation.Place(
                        i, 0, opaque ? workspaceBytes : operands.get(i).bytes());
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
        temporaries += (bytes + Scope.ALIGNMENT - 1) & -Scope.ALIGNMENT;
        return place;
    }

    /** Adds an execution of a primitive. */
    Step run(Primitive primitive) {
        steps.add(null);
        List<Invocation.Binding> bindings = new ArrayList<>();
        invocations.add(new Invocation(primitive, bindings));
        return new Step(primitive, bindings);
    }

    /** Adds work done by Java between two primitives. */
    void run(OneDnnKernel.JavaStep work) {
        steps.add(work);
    }

    /** The arguments of one execution. */
    final class Step {
        private final Primitive primitive;
        private final List<Invocation.Binding> bindings;

        private Step(Primitive primitive, List<Invocation.Binding> bindings) {
            this.primitive = primitive;
            this.bindings = bindings;
        }

        /** Says where argument {@code key} lies; its layout must fit: oneDNN itself cannot see a short buffer. */
        Step with(int key, Invocation.Place place) {
            MemorySegment layout = primitive.argument(key);
            long bytes = MemorySegment.NULL.equals(layout) ? 0 : Descriptors.bytes(layout);
            if (bytes == 0 || bytes > place.bytes()) {
                throw new OneDnnException(spec + ": argument " + key + " of " + primitive.implementation() + " takes "
                        + bytes + " bytes, its operand has " + place.bytes());
            }
            bindings.add(new Invocation.Binding(key, place));
            return this;
        }

        Step with(int key, String operand) {
            return with(key, operand(operand));
        }
    }

    /** The kernel; its name is that of {@code main}, the primitive that does the work. */
    OneDnnKernel kernel(Primitive main) {
        long scratchpad = primitives.stream()
                .mapToLong(Primitive::scratchpadBytes)
                .max()
                .orElse(0);
        Invocation.Place shared = new Invocation.Place(operands.size(), temporaries, scratchpad);
        for (Invocation invocation : invocations) {
            if (invocation.primitive().scratchpadBytes() > 0) {
                invocation.bindings().add(new Invocation.Binding(Dnnl.DNNL_ARG_SCRATCHPAD(), shared));
            }
        }
        OneDnnKernel kernel = new OneDnnKernel(
                engine,
                spec,
                "onednn:" + main.implementation(),
                List.copyOf(primitives),
                List.copyOf(invocations),
                steps.toArray(OneDnnKernel.JavaStep[]::new),
                temporaries + scratchpad,
                workspaceBytes);
        primitives.clear();
        return kernel;
    }

    @Override
    public void close() {
        primitives.forEach(Primitive::close);
        descriptors.close();
    }
}
