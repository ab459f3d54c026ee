package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.spec.Spec;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SpecRoundTripTest {
    /** Every spec of every family's cases, several seeds of their random part. */
    @Test
    void everySpecReadsBackFromItsLine() {
        int specs = 0;
        for (Family<?> family : Families.ALL) {
            for (int seed = 0; seed < 5; seed++) {
                for (Spec spec : family.specs(new SplittableRandom(seed))) {
                    assertThat(Spec.parse(spec.toString())).isEqualTo(spec).hasSameHashCodeAs(spec);
                    specs++;
                }
            }
        }
        assertThat(specs).isGreaterThan(5_000);
    }

    /** Every sealed member has its case object: a new family without a proof does not pass. */
    @Test
    void everyFamilyHasCases() {
        assertThat(Families.ALL.stream().map(f -> (Object) f.type))
                .containsExactlyInAnyOrder((Object[]) Spec.class.getPermittedSubclasses());
    }
}
