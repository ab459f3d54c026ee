package io.gatun.kernel;

import io.gatun.parallel.Workers;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.Spec;
import java.util.List;

/** Stands for a backend that has a kernel for few: takes axpby, does nothing, and refuses the rest. */
final class PickyBackend implements Backend {
    @Override
    public String name() {
        return "simd";
    }

    @Override
    public Session open(Workers workers) {
        return new Session() {
            @Override
            public Offer offer(Spec spec) {
                return spec instanceof AxpbySpec ? Offer.of(new Nothing()) : Offer.refused("only axpby here");
            }

            @Override
            public List<String> describe() {
                return List.of("a backend of the tests");
            }
        };
    }

    private static final class Nothing implements Kernel {
        @Override
        public String implementation() {
            return "picky:nothing";
        }

        @Override
        public void execute(long[] frame) {
            // nothing to do
        }
    }
}
