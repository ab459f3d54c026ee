package io.gatun.contract;

import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

final class EmbeddingCases extends Family<EmbeddingSpec> {
    EmbeddingCases() {
        super(EmbeddingSpec.class);
    }

    @Override
    List<EmbeddingSpec> specs(SplittableRandom random) {
        List<EmbeddingSpec> specs = new ArrayList<>();
        for (Direction direction : Direction.values()) {
            for (int size : SIZES) {
                specs.add(new EmbeddingSpec(direction, 11, 9, size));
                if (size > 0) {
                    specs.add(new EmbeddingSpec(direction, 5, size, 13));
                    specs.add(new EmbeddingSpec(direction, size, 4, 20));
                }
            }
            specs.add(new EmbeddingSpec(direction, 300, 33, 2000));
            // Few rows, of which a thread takes columns, and many, each of them one thread's.
            specs.add(new EmbeddingSpec(direction, 7, 300, 100));
            specs.add(new EmbeddingSpec(direction, 1000, 130, 300));
        }
        return specs;
    }

    @Override
    boolean exactable(EmbeddingSpec spec) {
        return true;
    }

    @Override
    Inputs inputs(EmbeddingSpec spec, boolean exact, SplittableRandom random) {
        double[] indices = new double[(int) spec.count()];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = random.nextInt(spec.vocabulary());
        }
        return Inputs.random(spec, exact, exact ? 50 : 2, random).put("indices", indices);
    }

    @Override
    boolean takesSpecials(EmbeddingSpec spec, String input) {
        return !input.equals("indices");
    }

    @Override
    boolean elementwise() {
        return true;
    }

    @Override
    Map<String, Expected> expected(EmbeddingSpec spec, Inputs in) {
        return R64Embedding.expected(spec, in);
    }
}
