package io.gatun.contract;

import io.gatun.spec.Direction;
import io.gatun.spec.SoftmaxSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;

final class SoftmaxCases extends Family<SoftmaxSpec> {
    SoftmaxCases() {
        super(SoftmaxSpec.class);
    }

    @Override
    List<SoftmaxSpec> specs(SplittableRandom random) {
        List<SoftmaxSpec> specs = new ArrayList<>();
        for (SoftmaxSpec.Op op : SoftmaxSpec.Op.values()) {
            for (Direction direction : Direction.values()) {
                for (int size : SIZES) {
                    specs.add(new SoftmaxSpec(direction, op, 3, size));
                    specs.add(new SoftmaxSpec(direction, op, size, 10));
                }
                specs.add(new SoftmaxSpec(direction, op, 2, 5000));
            }
        }
        return specs;
    }

    @Override
    Inputs inputs(SoftmaxSpec spec, boolean exact, SplittableRandom random) {
        Inputs in = Inputs.random(spec, false, pick(random, 1, 5, 30), random);
        if (spec.direction() == Direction.BACKWARD) {
            Inputs forward = new Inputs(false).put("src", in.get("dst"));
            double[] y = R64Softmax.expected(spec.with(Direction.FORWARD), forward)
                    .get("dst")
                    .value();
            in.put("dst", Inputs.rounded(y));
        }
        return in;
    }

    /**
     * The probabilities of a row of N add up to 1 within N u, and so do the exponentials of its logarithms, but for
     * what rounding these has cost: u |y| each.
     */
    @Override
    String broken(SoftmaxSpec spec, Function<String, double[]> outputs) {
        if (spec.direction() == Direction.BACKWARD) {
            return null;
        }
        boolean log = spec.op() == SoftmaxSpec.Op.LOG_SOFTMAX;
        double[] y = outputs.apply("dst");
        int cols = spec.cols();
        for (int row = 0; row < spec.rows() && cols > 0; row++) {
            double sum = 0;
            double allowed = cols * Expected.U;
            for (int j = row * cols; j < row * cols + cols; j++) {
                double p = log ? Math.exp(y[j]) : y[j];
                sum += p;
                allowed += log && p > 0 ? 4 * Expected.U * p * Math.abs(y[j]) : 0;
            }
            if (Math.abs(sum - 1) > allowed) {
                return "row " + row + " of " + cols + " adds up to 1 + " + (sum - 1) / Expected.U + " u";
            }
        }
        return null;
    }

    /** Whole rows: of one value, of 1e38, of -Inf, and with infinities among them. */
    @Override
    Stream<Map.Entry<SoftmaxSpec, Inputs>> specialCases(SplittableRandom random) {
        double inf = Double.POSITIVE_INFINITY;
        return Arrays.stream(SoftmaxSpec.Op.values()).flatMap(op -> {
            SoftmaxSpec spec = new SoftmaxSpec(Direction.FORWARD, op, 7, 19);
            double[] src = inputs(spec, false, random).get("src");
            double[] rows = {0, 1e38f, -1e38f, -inf, Float.MAX_VALUE, -103.9f, 88.7f};
            for (int row = 0; row < rows.length; row++) {
                Arrays.fill(src, row * 19, row * 19 + 19, rows[row]);
            }
            double[] mixed = inputs(spec, false, random).get("src");
            mixed[4] = -inf;
            mixed[19 + 18] = inf;
            mixed[2 * 19 + 3] = Double.NaN;
            mixed[3 * 19 + 17] = 1e38f;
            mixed[4 * 19] = -1e38f;
            return Stream.of(
                    Map.entry(spec, new Inputs(false).put("src", src)),
                    Map.entry(spec, new Inputs(false).put("src", mixed)));
        });
    }

    @Override
    Map<String, Expected> expected(SoftmaxSpec spec, Inputs in) {
        return R64Softmax.expected(spec, in);
    }
}
