package io.gatun.cuda.vendor;

import io.gatun.bindings.cudnn.Cudnn;
import io.gatun.memory.Owned;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The engines that cuDNN proposes for a graph, in the order in which it expects them to be fast. */
final class CudnnEngines {
    /** What an engine may ask for. Those of cuDNN that want more transform whole images. */
    static final long MOST_WORKSPACE = 256L << 20;

    /** Its best guesses, then those of its slower and of its last resort. */
    private static final List<Integer> MODES =
            List.of(Cudnn.CUDNN_HEUR_MODE_A(), Cudnn.CUDNN_HEUR_MODE_B(), Cudnn.CUDNN_HEUR_MODE_FALLBACK());

    /** More than there are kinds of notes. */
    private static final int MOST_NOTES = 64;

    private final Statuses statuses;
    private final Object problem;
    private final CudnnTarget target;
    private final CudnnDescriptor graph;
    private final CudnnNumerics numerics;
    private final Map<String, Integer> refused = new LinkedHashMap<>();

    CudnnEngines(Statuses statuses, Object problem, CudnnTarget target, CudnnDescriptor graph, CudnnNumerics numerics) {
        this.statuses = statuses;
        this.problem = problem;
        this.target = target;
        this.graph = graph;
        this.numerics = numerics;
    }

    /**
     * The first plans that may be used: for the caller to close.
     *
     * @throws Refusal saying what is wrong with all engines, if there is none
     */
    List<CudnnPlan> plans(int most) {
        Owned made = new Owned();
        List<CudnnPlan> plans = new ArrayList<>();
        try {
            for (int mode : MODES) {
                if (plans.isEmpty()) {
                    plans(mode, most, plans, made);
                }
            }
            if (plans.isEmpty()) {
                throw new Refusal(reason());
            }
            return plans;
        } catch (RuntimeException e) {
            throw made.closedAfter(e);
        }
    }

    private void plans(int mode, int most, List<CudnnPlan> plans, Owned made) {
        try (Owned asked = new Owned()) {
            CudnnDescriptor heuristics = asked.add(descriptor(CudnnKind.HEURISTICS))
                    .set(CudnnAttribute.HEURISTICS_GRAPH, graph)
                    .set(CudnnAttribute.HEURISTICS_MODE, mode);
            target.heuristics(heuristics);
            if (heuristics.finishOrRefusal() != null) {
                return;
            }
            // As many as there might be; some turn out not to be supported when they are asked for.
            CudnnDescriptor[] proposed = new CudnnDescriptor[(int) heuristics.count(CudnnAttribute.HEURISTICS_RESULTS)];
            Set<CudnnDescriptor> kept = new HashSet<>();
            for (int i = 0; i < proposed.length; i++) {
                CudnnDescriptor configuration = descriptor(CudnnKind.ENGINE_CONFIGURATION);
                proposed[i] = configuration;
                asked.add(() -> {
                    if (!kept.contains(configuration)) {
                        configuration.close();
                    }
                });
            }
            int count = proposed.length == 0 ? 0 : heuristics.get(CudnnAttribute.HEURISTICS_RESULTS, proposed);
            for (int i = 0; i < count && plans.size() < most; i++) {
                CudnnPlan plan = plan(proposed[i]);
                if (plan != null) {
                    kept.add(proposed[i]);
                    plan.parts().add(proposed[i]);
                    plans.add(made.add(plan));
                }
            }
        }
    }

    /** Null, with a note why, where the engine may not be used. */
    private CudnnPlan plan(CudnnDescriptor configuration) {
        long engine;
        try (CudnnDescriptor found = descriptor(CudnnKind.ENGINE)) {
            configuration.get(CudnnAttribute.CONFIGURATION_ENGINE, found);
            engine = found.get(CudnnAttribute.ENGINE_GLOBAL_INDEX);
            String wrong = numerics.refusal(
                    found.get(CudnnAttribute.ENGINE_NUMERICAL_NOTE, MOST_NOTES),
                    found.get(CudnnAttribute.ENGINE_BEHAVIOR_NOTE, MOST_NOTES));
            if (wrong != null) {
                return refused(wrong);
            }
        }
        Owned parts = new Owned();
        try {
            CudnnDescriptor plan = parts.add(descriptor(CudnnKind.EXECUTION_PLAN));
            target.plan(plan);
            plan.set(CudnnAttribute.PLAN_CONFIGURATION, configuration);
            boolean supported = plan.finishOrRefusal() == null;
            long workspace = supported ? plan.get(CudnnAttribute.PLAN_WORKSPACE_SIZE) : 0;
            if (supported && workspace <= MOST_WORKSPACE) {
                return new CudnnPlan(plan, engine, workspace, parts);
            }
            parts.close();
            return refused(
                    supported
                            ? "wanting more than " + MOST_WORKSPACE + " bytes"
                            : "not for this device, or not to be built");
        } catch (RuntimeException e) {
            throw parts.closedAfter(e);
        }
    }

    private CudnnPlan refused(String why) {
        refused.merge(why, 1, Integer::sum);
        return null;
    }

    private String reason() {
        if (refused.isEmpty()) {
            return "cuDNN has no engine for it";
        }
        return "cuDNN's engines for it are all unfit: "
                + refused.entrySet().stream()
                        .map(why -> why.getValue() + " " + why.getKey())
                        .collect(Collectors.joining(", "));
    }

    private CudnnDescriptor descriptor(CudnnKind kind) {
        return new CudnnDescriptor(statuses, problem, kind);
    }
}
