package io.gatun.nn;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A table of a net's modules as one batch went through them: path, type, output shape, own parameters, and multiply-adds by
 * weights. {@code toString} prints it; {@code total} is the last line.
 *
 * <p>Multiply-adds are those by a module's own matrices and filters, which are nearly all of a net's: each element of a weight
 * is used once for each output position (for each input position of a transposed convolution). Products of activations with
 * each other, norms and activations are not counted.
 *
 * @param rows in the order in which modules were declared, outer before inner; a module that did not run has none
 */
public record ModelSummary(List<Row> rows, Row total) {
    /**
     * One module.
     *
     * @param path the name within the net, empty for the net itself
     * @param output shape of its latest result
     * @param parameters trainable numbers of its own, without its children's
     * @param multiplyAdds of its own weights, all calls together, for the batch that was given
     */
    public record Row(String path, String type, Shape output, long parameters, long multiplyAdds) {}

    /** What is known of a module while the net runs. */
    private static final class Seen {
        final Module module;
        final List<Parameter> own = new ArrayList<>();
        Shape output;
        long multiplyAdds;

        Seen(Module module) {
            this.module = module;
        }

        void saw(Tensor src, Tensor dst) {
            output = dst.shape();
            boolean transposed = module instanceof ConvTranspose1d || module instanceof ConvTranspose2d;
            Shape counted = transposed ? src.shape() : dst.shape();
            long positions = counted.elements() / Math.max(1, counted.last());
            if (!(module instanceof Embedding) && !(module instanceof LayerNorm)) {
                own.stream()
                        .filter(p -> p.shape().rank() > 1)
                        .forEach(p -> multiplyAdds += positions * p.shape().elements());
            }
        }

        long parameters() {
            return own.stream().mapToLong(p -> p.shape().elements()).sum();
        }
    }

    /**
     * Runs {@code src} through the model in inference, without recording, and counts; every module is in its mode again
     * afterwards.
     *
     * @param src a small batch on {@code tape}
     * @throws IllegalStateException if the model has no memory yet
     */
    public static ModelSummary of(Module model, Tape tape, Tensor src) {
        Map<String, Seen> seen = new LinkedHashMap<>();
        Map<Module, Boolean> modes = new LinkedHashMap<>();
        List<Module.Registration> hooks = new ArrayList<>();
        model.modules().forEach((path, module) -> {
            // A module that stands in several places is one row, under the first.
            if (modes.putIfAbsent(module, module.training()) == null) {
                seen.put(path, new Seen(module));
            }
        });
        model.stateDict().forEach((path, parameter) -> {
            Seen owner = seen.get(path.contains(".") ? path.substring(0, path.lastIndexOf('.')) : "");
            if (owner != null && parameter.trainable()) {
                owner.own.add(parameter);
            }
        });
        model.eval();
        try (var _ = tape.noGrad()) {
            seen.values().forEach(s -> hooks.add(s.module.onForward((_, in, out) -> s.saw(in, out))));
            model.call(src);
        } finally {
            hooks.forEach(Module.Registration::close);
            modes.forEach((module, training) -> {
                if (training) {
                    module.train();
                } else {
                    module.eval();
                }
            });
        }
        List<Row> rows = new ArrayList<>();
        seen.forEach((path, s) -> {
            if (s.output != null) {
                rows.add(new Row(path, s.module.getClass().getSimpleName(), s.output, s.parameters(), s.multiplyAdds));
            }
        });
        long multiplyAdds = rows.stream().mapToLong(Row::multiplyAdds).sum();
        Row total = new Row("total", "", rows.getFirst().output, model.parameterCount(), multiplyAdds);
        return new ModelSummary(List.copyOf(rows), total);
    }

    @Override
    public String toString() {
        int path = "total".length();
        int type = "type".length();
        int shape = "output".length();
        for (Row row : rows) {
            path = Math.max(path, row.path.length());
            type = Math.max(type, row.type.length());
            shape = Math.max(shape, row.output.toString().length());
        }
        String format = "%-" + path + "s  %-" + type + "s  %-" + shape + "s  %13s  %15s%n";
        StringBuilder table = new StringBuilder();
        table.append(String.format(Locale.ROOT, format, "path", "type", "output", "parameters", "multiply-adds"));
        for (Row row : rows) {
            table.append(line(format, row));
        }
        return table.append(line(format, total)).toString();
    }

    private static String line(String format, Row row) {
        return String.format(
                Locale.ROOT,
                format,
                row.path,
                row.type,
                row.output,
                String.format(Locale.ROOT, "%,d", row.parameters),
                String.format(Locale.ROOT, "%,d", row.multiplyAdds));
    }
}
