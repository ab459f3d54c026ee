package io.gatun.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.Spec;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which specs oneDNN takes and what it says of those that it refuses. */
@Tag("widths")
@RequiresOneDnn
class OffersTest {
    private static Offer offer(String line) {
        try (Workers workers = new Workers(2);
                OneDnnSession session = new OneDnnSession(workers, OneDnnLibrary.require(2))) {
            return session.offer(Spec.parse(line));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gemm f32 tb bias m=128 n=10 k=64",
                "gemm f32 m=16 n=16 k=16 batch=8 sb=0",
                "conv f32 forward n=4 h=32 w=32 ic=3 oc=16 kh=3 kw=3 ph=1 pw=1",
                "conv f32 backward_data n=4 h=32 w=32 ic=16 oc=32 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
                "conv f32 backward_weights bias n=4 h=8 w=8 ic=64 oc=64 kh=3 kw=3 ph=1 pw=1",
                "conv f32 backward_weights n=4 h=8 w=8 ic=256 oc=256 kh=3 kw=3 ph=1 pw=1",
                "pool f32 forward avg n=4 h=8 w=8 c=64 kh=8 kw=8 sh=1 sw=1",
                "pool f32 backward avg_pad n=4 h=8 w=8 c=64 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
                "batchnorm f32 inference rows=4096 c=16",
                "batchnorm f32 backward rows=4096 c=16",
                "activation f32 backward act=tanh count=1000",
                "reduce f32 sum shape=64x100 axes=1",
                "permute f32 shape=4x8x8x16 perm=0,3,1,2",
                "gru f32 training t=16 b=8 i=32 h=64",
                "gru f32 backward t=16 b=8 i=32 h=64",
                "lstm f32 training t=16 b=8 i=32 h=64",
                "lstm f32 backward t=16 b=8 i=32 h=64"
            })
    void takes(String line) {
        assertThat(offer(line)).as(line).isInstanceOfSatisfying(Offer.Taken.class, taken -> assertThat(
                        taken.kernel().implementation())
                .startsWith("onednn:"));
    }

    /** What is made stays, the backward of what was taken is taken, and all else goes to other backends. */
    @Test
    void whenItsRoomForCodeIsUsedUpItRefusesWhatIsNew() {
        try (Workers workers = new Workers(2);
                OneDnnSession session = new OneDnnSession(workers, OneDnnLibrary.require(2), 1_300_000)) {
            Spec first = Spec.parse("gemm f32 m=64 n=64 k=64");
            Offer taken = session.offer(first);
            assertThat(taken).isInstanceOf(Offer.Taken.class);
            for (String line : List.of("gemm f32 m=64 n=64 k=65", "lstm f32 training t=3 b=2 i=16 h=16")) {
                assertThat(session.offer(Spec.parse(line))).as(line).isInstanceOf(Offer.Taken.class);
            }
            assertThat(session.offer(Spec.parse("gemm f32 m=64 n=64 k=66")))
                    .isInstanceOfSatisfying(Offer.Refused.class, refused -> assertThat(refused.reason())
                            .contains("1 MiB by now; allow it more with -Dgatun.onednn.code=MIB"));
            assertThat(session.offer(Spec.parse("lstm f32 backward t=3 b=2 i=16 h=16")))
                    .isInstanceOf(Offer.Taken.class);
            assertThat(session.offer(first)).isSameAs(taken);
        }
    }

    /** Below AVX2 it has a reference implementation only, for which the backend does not take it. */
    @Test
    void takesAlphaAndBetaWhereItHasMoreThanAReference() {
        Offer offer = offer("gemm f32 ta m=64 n=64 k=64 alpha=2.0 beta=1.0 act=relu");
        assertThat(offer).isInstanceOf(Isa.hasFma() ? Offer.Taken.class : Offer.Refused.class);
    }

    /** Beyond the 4 ulp of the contract: see {@link Activations}. */
    @Test
    void takesTheSigmoidOnlyWithFma() {
        Offer offer = offer("activation f32 forward act=sigmoid count=1000");
        assertThat(offer).isInstanceOf(Isa.hasFma() ? Offer.Taken.class : Offer.Refused.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "activation f32 forward act=relu count=8 | relu gives 0 for NaN",
                "activation f32 forward act=elu count=8 | takes 1 from exp(x)",
                "activation f32 forward act=gelu count=8 | gelu is NaN at -Inf",
                "gemm f32 m=128 n=10 k=64 act=gelu | gelu is NaN at -Inf",
                "conv f32 forward n=1 h=4 w=4 ic=3 oc=16 kh=3 kw=3 act=gelu | gelu is NaN at -Inf",
                "batchnorm f32 training rows=8 c=16 | mean rounded to float",
                "batchnorm f32 training relu rows=8 c=16 | fused relu gives 0 for NaN",
                "batchnorm f32 training residual rows=8 c=16 | residual",
                "pool f32 forward max n=1 h=4 w=4 c=1 kh=2 kw=2 | max pooling ignores NaN",
                "pool f32 forward avg n=1 h=4 w=4 c=1 kh=2 kw=2 ph=2 | wholly in the padding",
                "softmax f32 forward softmax rows=2 cols=3 | NaN in that cell only",
                "softmax f32 backward log_softmax rows=2 cols=3 | exp(NaN) is +Inf",
                "reduce f32 sum shape=4x3 axes=0 | last axes only",
                "embedding f32 forward vocabulary=4 dim=3 count=2 | no embedding",
                "axpby f32 count=8 | no faster pass",
                "crossentropy f32 rows=2 cols=3 | no cross-entropy"
            })
    void refusesWithTheReason(String line, String reason) {
        assertThat(offer(line)).as(line).isInstanceOfSatisfying(Offer.Refused.class, refused -> assertThat(
                        refused.reason())
                .contains(reason));
    }
}
