package io.gatun.perf.bench;

import io.gatun.kernel.Choice;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Operand.Access;
import io.gatun.kernel.Plan;
import io.gatun.memory.Places;
import io.gatun.memory.Scope;
import io.gatun.spec.Direction;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One backend's plan for a spec, on buffers of its own with the same contents as every other entrant's. */
final class Entrant implements Racer {
    private final String name;
    private final Plan plan;
    private final MemorySegment[] buffers;

    /** What the updated operands held at first; null for the others. */
    private final MemorySegment[] pristine;

    private Entrant(String name, Plan plan, MemorySegment[] buffers, MemorySegment[] pristine) {
        this.name = name;
        this.plan = plan;
        this.buffers = buffers;
        this.pristine = pristine;
    }

    /**
     * The named backend's entrant.
     *
     * @throws RefusedException with the backend's reason, if it has no kernel for the spec
     */
    static Entrant of(String name, Kernels kernels, Spec spec, long seed, Scope scope) {
        Plan plan = plan(name, kernels, spec);
        List<Operand> operands = plan.operands();
        Map<String, MemorySegment> made = forward(name, kernels, spec, seed, scope);
        MemorySegment[] buffers = new MemorySegment[operands.size()];
        MemorySegment[] pristine = new MemorySegment[buffers.length];
        for (int i = 0; i < buffers.length; i++) {
            Operand operand = operands.get(i);
            buffers[i] = made.get(operand.name());
            if (buffers[i] == null) {
                buffers[i] = scope.allocate(operand.bytes(), operand.name());
                fill(spec, operand, i, seed, buffers[i]);
            }
            if (operand.access() == Access.UPDATE) {
                pristine[i] = scope.allocate(operand.bytes(), operand.name());
                Places.copy(buffers[i], pristine[i]);
            }
        }
        return new Entrant(name, plan, buffers, pristine);
    }

    /** On a device with what lies on the host before. */
    private static void fill(Spec spec, Operand operand, int index, long seed, MemorySegment buffer) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = Places.onHost(buffer, arena);
            Inputs.fill(spec, operand, index, seed, values);
            if (values != buffer) {
                Places.copy(values, buffer);
            }
        }
    }

    /** The named backend's own plan; on a device NVIDIA's libraries are the same backend. */
    static Plan plan(String name, Kernels kernels, Spec spec) {
        Choice choice = kernels.explain(spec);
        if (choice.chosen() != null && !kernels.memory().place().isHost()) {
            return kernels.plan(spec);
        }
        for (Choice.Answer answer : choice.answers()) {
            if (answer.backend().equals(name) && answer.reason() != null) {
                throw new RefusedException(name, spec, answer.reason());
            }
        }
        Plan plan = kernels.plan(spec);
        if (!plan.backend().equals(name)) {
            throw new RefusedException(name, spec, "its place was taken by " + plan.implementation());
        }
        return plan;
    }

    /** What only the forward pass of the same backend can give to a backward pass: workspaces and winners' places. */
    private static Map<String, MemorySegment> forward(String name, Kernels kernels, Spec spec, long seed, Scope scope) {
        Spec before =
                switch (spec) {
                    case GruSpec gru when gru.pass() == Pass.BACKWARD -> gru.with(Pass.TRAINING);
                    case LstmSpec lstm when lstm.pass() == Pass.BACKWARD -> lstm.with(Pass.TRAINING);
                    case RnnSpec rnn when rnn.pass() == Pass.BACKWARD -> rnn.with(Pass.TRAINING);
                    case PoolSpec pool
                    when pool.direction() == Direction.BACKWARD && pool.op() == PoolSpec.Op.MAX ->
                        pool.with(Direction.FORWARD);
                    default -> null;
                };
        Map<String, MemorySegment> made = new HashMap<>();
        if (before != null) {
            Entrant entrant = of(name, kernels, before, seed, scope);
            entrant.run();
            for (int i = 0; i < entrant.buffers.length; i++) {
                made.put(entrant.plan.operands().get(i).name(), entrant.buffers[i]);
            }
        }
        return made;
    }

    @Override
    public void run() {
        plan.run(buffers);
    }

    @Override
    public void finish() {
        plan.place().synchronize();
    }

    @Override
    public void restore() {
        for (int i = 0; i < buffers.length; i++) {
            if (pristine[i] != null) {
                Places.copy(pristine[i], buffers[i]);
            }
        }
    }

    @Override
    public boolean updates() {
        for (MemorySegment copy : pristine) {
            if (copy != null) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String implementation() {
        return plan.implementation();
    }

    Plan plan() {
        return plan;
    }

    MemorySegment buffer(int operand) {
        return buffers[operand];
    }
}
