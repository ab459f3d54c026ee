package io.gatun.cuda.vendor;

import io.gatun.cuda.runtime.CudaEvent;
import io.gatun.kernel.Operand;
import io.gatun.memory.NativeMemoryException;
import io.gatun.memory.Place;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Plans of one problem, timed on the device on buffers of zeros. Which one wins may differ from run to run of a program,
 * and with it the bits.
 */
final class CudnnTrial {
    private static final int RUNS = 5;

    private final CudnnSession session;
    private final Spec spec;
    private final ConvSpec conv;

    CudnnTrial(CudnnSession session, Spec spec, ConvSpec conv) {
        this.session = session;
        this.spec = spec;
        this.conv = conv;
    }

    /** The one that takes the least time; the first where there is no memory to try them. The others are closed. */
    CudnnPlan fastest(List<CudnnPlan> plans) {
        List<MemorySegment> buffers = new ArrayList<>();
        Place place = session.place();
        try {
            for (Operand operand : spec.operands()) {
                buffers.add(place.allocate(operand.bytes(), "a trial"));
                place.fill(buffers.getLast(), (byte) 0);
            }
            long most = plans.stream().mapToLong(CudnnPlan::workspace).max().orElse(0);
            buffers.add(place.allocate(Math.max(1, most), "a trial"));
            return alone(
                    fastest(
                            plans,
                            buffers.stream().mapToLong(MemorySegment::address).toArray()),
                    plans);
        } catch (NativeMemoryException e) {
            return alone(plans.getFirst(), plans);
        } finally {
            buffers.forEach(place::free);
        }
    }

    private static CudnnPlan alone(CudnnPlan chosen, List<CudnnPlan> plans) {
        plans.stream().filter(plan -> plan != chosen).forEach(CudnnPlan::close);
        return chosen;
    }

    private CudnnPlan fastest(List<CudnnPlan> plans, long[] frame) {
        try (CudaEvent begin = new CudaEvent(session.context.runtime(), true);
                CudaEvent end = new CudaEvent(session.context.runtime(), true)) {
            CudnnPlan fastest = null;
            float least = Float.POSITIVE_INFINITY;
            for (CudnnPlan plan : plans) {
                CudnnRun run = new CudnnRun(session, spec, plan, CudnnConvGraph.operands(conv));
                long scratch = frame[frame.length - 1];
                run.run(frame, scratch); // its code is loaded now
                for (int i = 0; i < RUNS; i++) {
                    begin.record(session.context.stream());
                    run.run(frame, scratch);
                    end.record(session.context.stream());
                    end.synchronize();
                    float millis = end.millisSince(begin);
                    if (millis < least) {
                        least = millis;
                        fastest = plan;
                    }
                }
            }
            return fastest;
        }
    }
}
