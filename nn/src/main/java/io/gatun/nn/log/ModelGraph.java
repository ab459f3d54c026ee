package io.gatun.nn.log;

import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.Module;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The layers that ran for an input, in their order, as a graph: taken down through forward hooks during one pass. A layer
 * hangs on that which made its input; where an operation stands between (the sum of a residual block), on the layer that
 * ran before. Paths become nested boxes.
 *
 * @param nodes in the order in which they ran
 */
public record ModelGraph(List<Node> nodes) {
    /**
     * One layer's run.
     *
     * @param name its path with slashes; a second run of one layer has {@code _1} behind it
     * @param kind class of the layer
     * @param input name of another node, empty for none
     */
    public record Node(String name, String kind, String input, Shape shape) {}

    private static final String INPUT = "input";

    public ModelGraph {
        nodes = List.copyOf(nodes);
    }

    /** Runs {@code model.call(src)} once; in {@code noGrad} nothing of it is recorded. */
    public static ModelGraph of(Module model, Tensor src) {
        List<Node> nodes = new ArrayList<>(List.of(new Node(INPUT, "Placeholder", "", src.shape())));
        Map<Tensor, String> makers = new IdentityHashMap<>(Map.of(src, INPUT));
        Set<String> names = new HashSet<>();
        List<Module.Registration> hooks = new ArrayList<>();
        try {
            model.modules().forEach((path, module) -> {
                if (module.modules().size() == 1) {
                    hooks.add(module.onForward((seen, in, out) -> {
                        String name = free(names, path.isEmpty() ? "model" : path.replace('.', '/'));
                        String maker = makers.getOrDefault(in, nodes.getLast().name());
                        nodes.add(new Node(name, seen.getClass().getSimpleName(), maker, out.shape()));
                        makers.put(out, name);
                    }));
                }
            });
            model.call(src);
        } finally {
            hooks.forEach(Module.Registration::close);
        }
        return new ModelGraph(nodes);
    }

    private static String free(Set<String> names, String wanted) {
        String name = wanted;
        for (int i = 1; !names.add(name); i++) {
            name = wanted + "_" + i;
        }
        return name;
    }

    /** GraphDef. */
    Proto proto() {
        Proto graph = new Proto();
        for (Node node : nodes) {
            Proto def = new Proto().text(1, node.name).text(2, node.kind);
            if (!node.input.isEmpty()) {
                def.text(3, node.input);
            }
            // attr["_output_shapes"] = list of one shape.
            Proto shape = new Proto();
            for (int dim : node.shape.dims()) {
                shape.message(2, new Proto().number(1, dim));
            }
            Proto value = new Proto().message(1, new Proto().message(7, shape));
            def.message(5, new Proto().text(1, "_output_shapes").message(2, value));
            graph.message(1, def);
        }
        return graph.message(4, new Proto().number(1, 22));
    }
}
