package io.gatun.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * How many input rows one output row of a chain of convolutions and pools depends on: r = 1 at first, and each layer makes it r
 * + dilation (k - 1) jump with the jump, the product of all strides before it, growing by its own stride.
 *
 * <p>{@code ReceptiveField.of(net)} walks the convolutions and pools of a module in the order in which they were declared, right
 * for a chain of layers that are its children; in a net with branches, or with pools that it calls itself, give the layers of one path by {@link #then}.
 *
 * @param size input rows
 * @param jump input rows between neighbouring output rows
 */
public record ReceptiveField(long size, long jump) {
    /** Of the input itself. */
    public static final ReceptiveField INPUT = new ReceptiveField(1, 1);

    /** Behind one more layer. */
    public ReceptiveField then(int kernel, int stride, int dilation) {
        if (kernel < 1 || stride < 1 || dilation < 1) {
            throw new IllegalArgumentException("receptive field: kernel " + kernel + ", stride " + stride
                    + " and dilation " + dilation + " must be at least 1");
        }
        return new ReceptiveField(size + (long) dilation * (kernel - 1) * jump, jump * stride);
    }

    /** Behind one more layer without dilation. */
    public ReceptiveField then(int kernel, int stride) {
        return then(kernel, stride, 1);
    }

    /** Of the rows of all convolutions and pools of a module, one after the other. */
    public static ReceptiveField of(Module module) {
        return steps(module).isEmpty() ? INPUT : steps(module).getLast();
    }

    /** As {@link #of}, after each of them. */
    public static List<ReceptiveField> steps(Module module) {
        List<ReceptiveField> all = new ArrayList<>();
        ReceptiveField field = INPUT;
        for (Module part : module.modules().values()) {
            ReceptiveField next = behind(field, part);
            if (next != null) {
                field = next;
                all.add(field);
            }
        }
        return all;
    }

    private static ReceptiveField behind(ReceptiveField field, Module part) {
        return switch (part) {
            case Conv2d conv ->
                field.then(
                        conv.options().kh(), conv.options().sh(), conv.options().dh());
            case Conv1d conv ->
                field.then(
                        conv.options().kw(), conv.options().sw(), conv.options().dw());
            case MaxPool2d pool ->
                field.then(pool.options().kh(), pool.options().sh());
            case AvgPool2d pool ->
                field.then(pool.options().kh(), pool.options().sh());
            case MaxPool1d pool ->
                field.then(pool.options().kw(), pool.options().sw());
            case AvgPool1d pool ->
                field.then(pool.options().kw(), pool.options().sw());
            default -> null;
        };
    }
}
