package io.gatun.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a spec line may say, and what is answered to one that says something else. */
class SpecTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "gemm f32 m=1024 n=1024 k=1024",
                "gemm f32 ta bias m=3 n=4 k=5 batch=2 lda=9 act=gelu",
                "conv f32 forward n=16 h=56 w=56 ic=64 oc=64 kh=3 kw=3 sh=1 sw=1 ph=1 pw=1",
                "conv f32 backward_weights bias n=1 h=5 w=6 ic=4 oc=2 kh=2 kw=3 sh=2 sw=1 dw=2 ph=0 pw=0 pb=1 g=2",
                "pool f32 forward max ceil n=1 h=5 w=5 c=3 kh=2 kw=2 sh=2 sw=2 ph=0 pw=0",
                "batchnorm f32 training residual relu rows=100 c=16",
                "activation f32 backward act=leaky_relu:0.25 count=7",
                "axpby f32 count=7 beta=0.5",
                "binary f32 add row rows=3 cols=4",
                "softmax f32 forward log_softmax rows=2 cols=3",
                "crossentropy f32 gradient rows=2 cols=3 ignore=1",
                "reduce f32 sum shape=2x3x4 axes=0,2",
                "permute f32 shape=2x3 perm=1,0",
                "embedding f32 backward vocabulary=3 dim=4 count=5",
                "dropout f32 count=6 p=0.25",
                "sgd f32 nesterov count=8 decayed=4 momentum=0.9 decay=0.1",
                "adamw f32 count=8 beta1=0.5",
                "adam f32 amsgrad count=8 decay=0.5 clip=0.1",
                "adagrad f32 count=8 decayed=4 eps=1.0E-6 decay=0.5 clip=0.1",
                "rmsprop f32 centered inside count=8 alpha=0.5 momentum=0.9 clip=0.1",
                "lerp f32 count=8",
                "gru f32 backward t=2 b=3 i=4 h=5",
                "gru f32 backward constantsrc t=2 b=3 i=4 h=5",
                "rnn f32 training t=2 b=3 i=4 h=5",
                "rnn f32 backward constantsrc act=relu t=2 b=3 i=4 h=5",
                "lstm f32 training t=2 b=3 i=4 h=5",
                "lstm f32 backward constantsrc t=2 b=3 i=4 h=5"
            })
    void printsWhatItReads(String line) {
        assertThat(Spec.parse(line).toString()).isEqualTo(line);
    }

    @Test
    void orderIsFreeAndDefaultsMayBeLeftOut() {
        ConvSpec wanted = ConvSpec.of(1, 5, 6, 2, 3, 3, 1, 0);
        assertThat(Spec.parse("conv  oc=3 ic=2 f32 kw=3 kh=3 w=6 h=5 n=1 ")).isEqualTo(wanted);
        assertThat(Spec.parse("pool f32 avg n=1 h=4 w=4 c=1 kh=2 kw=3"))
                .isEqualTo(Spec.parse("pool f32 avg n=1 h=4 w=4 c=1 kh=2 kw=3 sh=2 sw=3"));
        assertThat(Spec.parse("axpby f32 count=3")).isEqualTo(new AxpbySpec(3, 1, 0));
        assertThat(Spec.parse("dropout f32 count=3")).isEqualTo(new DropoutSpec(3, 0.5f));
        assertThat(Spec.parse("activation f32 count=3 act=elu"))
                .isEqualTo(new ActivationSpec(Direction.FORWARD, Activation.elu(1), 3));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gem f32 m=1            | unknown spec family 'gem'; known are activation, ",
                "gemm m=1 n=1 k=1       | the data type is missing after the family; known are f32, bf16, f16",
                "gemm f64 m=1 n=1 k=1   | the data type is missing",
                "gemm f32 m=1 n=1       | key 'k' is missing",
                "gemm f32 m=1 n=1 k=1 m=2 | key 'm' stands twice",
                "gemm f32 m=1 n=1 k=1 x=2 | key 'x' is not known",
                "gemm f32 m=1 n=1 k=1 tc | word 'tc' is not known",
                "gemm f32 m=1 n=1 k=one | k=one is not a whole number",
                "gemm f32 m=1 n=1 k=1 alpha=much | alpha=much is not a number",
                "gemm f32 m=1 n=1 k=4294967296 | k=4294967296 is larger than 2147483647",
                "gemm f32 m=1 n=1 k=1 act=sine | unknown activation 'sine'; known are identity, relu,",
                "gemm f32 m=1 n=1 k=1 act=elu:x | unknown activation 'elu:x'",
                "pool f32 n=1 h=4 w=4 c=1 kh=2 kw=2 | one of max, avg, avg_pad is missing",
                "permute f32 shape=2x3 perm=0 | permute: perm=0 is not an order of the axes of shape 2x3",
                "reduce f32 sum shape=2xb axes=0 | shape=b is not a whole number"
            })
    void aWrongLineIsAnsweredWithWhatIsWrong(String line, String answer) {
        assertThatIllegalArgumentException().isThrownBy(() -> Spec.parse(line)).withMessageContaining(answer);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gemm f32 m=-1 n=1 k=1          | gemm: m=-1 is negative",
                "gemm f32 m=1 n=-2 k=1          | gemm: n=-2 is negative",
                "gemm f32 m=1 n=1 k=-3          | gemm: k=-3 is negative",
                "gemm f32 m=1 n=1 k=1 batch=-1  | gemm: batch=-1 is negative",
                "gemm f32 m=1 n=1 k=1 alpha=NaN | gemm: alpha=NaN is not finite",
                "gemm f32 m=1 n=1 k=1 beta=Infinity | gemm: beta=Infinity is not finite",
                "gemm f32 m=1 n=1 k=4 lda=3     | gemm: lda=3 is less than a row of A, 4",
                "gemm f32 m=1 n=5 k=4 ldb=3     | gemm: ldb=3 is less than a row of B, 5",
                "gemm f32 m=1 n=5 k=4 ldc=3     | gemm: ldc=3 is less than a row of C, 5",
                "gemm f32 m=1 n=1 k=1 sa=-1     | gemm: sa=-1 is negative",
                "gemm f32 m=1 n=1 k=1 sb=-1     | gemm: sb=-1 is negative",
                "gemm f32 m=2 n=2 k=1 batch=2 sc=3 | gemm: sc=3 makes the matrices of C overlap, each spans 4",
                "gemm f32 m=2000000000 n=1 k=2000000000 | gemm: the problem has more elements than memory can address",
                "conv f32 n=-1 h=1 w=1 ic=1 oc=1 kh=1 kw=1 | conv: n=-1 is negative",
                "conv f32 n=1 h=1 w=1 ic=0 oc=1 kh=1 kw=1  | conv: ic=0 is not at least 1",
                "conv f32 n=1 h=1 w=1 ic=1 oc=1 kh=0 kw=1  | conv: kh=0 is not at least 1",
                "conv f32 n=1 h=1 w=1 ic=1 oc=1 kh=1 kw=1 sw=0 | conv: sw=0 is not at least 1",
                "conv f32 n=1 h=1 w=1 ic=1 oc=1 kh=1 kw=1 pb=-1 | conv: pb=-1 is negative",
                "conv f32 n=1 h=1 w=1 ic=4 oc=6 kh=1 kw=1 g=4 | conv: ic=4 and oc=6 are not both divisible by g=4",
                "conv f32 backward_data n=1 h=1 w=1 ic=1 oc=1 kh=1 kw=1 act=relu | conv: only the forward direction",
                "conv f32 backward_data bias n=1 h=1 w=1 ic=1 oc=1 kh=1 kw=1 | conv: backward_data has no bias",
                "conv f32 n=2000000000 h=2000000000 w=9 ic=9 oc=1 kh=1 kw=1 | conv: the problem has more elements",
                "conv f32 n=1 h=2147483647 w=1 ic=1 oc=1 kh=1 kw=1 ph=9 | conv: an image of 2147483647 padded by 9 and"
                        + " 9 is too large",
                "pool f32 max n=1 h=1 w=1 c=0 kh=1 kw=1 | pool: c=0 is not at least 1",
                "pool f32 max n=1 h=1 w=1 c=1 kh=1 kw=1 sh=0 | pool: sh=0 is not at least 1",
                "pool f32 max n=1 h=1 w=1 c=1 kh=1 kw=1 ph=-1 | pool: ph=-1 is negative",
                "pool f32 max n=1 h=70000 w=70000 c=1 kh=1 kw=1 | pool: a 70000x70000 plane is too large to index",
                "pool f32 max n=1 h=2147483647 w=1 c=1 kh=1 kw=1 ph=9 sh=1 | pool: an image of 2147483647 padded by 9"
                        + " and 9 is too large",
                "batchnorm f32 training rows=1 c=1 | batchnorm: training needs more than one value a channel, got"
                        + " rows=1",
                "batchnorm f32 backward rows=0 c=1 | batchnorm: training needs more than one value a channel, got"
                        + " rows=0",
                "batchnorm f32 training rows=-1 c=1 | batchnorm: rows=-1 is negative",
                "batchnorm f32 training rows=2 c=0 | batchnorm: c=0 is not at least 1",
                "batchnorm f32 training rows=2 c=1 eps=0.0 | batchnorm: eps=0.0 is not positive",
                "batchnorm f32 training rows=2 c=1 momentum=1.5 | batchnorm: momentum=1.5 is not within 0 and 1",
                "activation f32 act=relu:2 count=1 | unknown activation 'relu:2'",
                "activation f32 act=elu:NaN count=1 | unknown activation 'elu:NaN'",
                "activation f32 act=relu count=-1 | activation: count=-1 is negative",
                "axpby f32 count=1 alpha=NaN | axpby: alpha=NaN is not finite",
                "axpby f32 count=9223372036854775807 | axpby: the problem has more elements than memory can address",
                "binary f32 add rows=-1 cols=1 | binary: rows=-1 is negative",
                "softmax f32 forward softmax rows=1 cols=-1 | softmax: cols=-1 is negative",
                "crossentropy f32 rows=1 cols=0 | crossentropy: cols=0 is not at least 1",
                "reduce f32 sum shape=2x3 axes=1,0 | reduce: axes=1,0 are not ascending axes of shape 2x3",
                "reduce f32 sum shape=2x3 axes=2 | reduce: axes=2 are not ascending axes of shape 2x3",
                "reduce f32 sum shape=2x-3 axes=0 | reduce: shape=-3 is negative",
                "permute f32 shape=2x3 perm=1,1 | permute: perm=1,1 is not an order of the axes of shape 2x3",
                "permute f32 shape=-2 perm=0 | permute: shape=-2 is negative",
                "permute f32 shape=65536x65536x65536x65536x65536 perm=0,1,2,3,4 | permute: the problem has more"
                        + " elements",
                "reduce f32 sum shape=65536x65536x65536x65536x65536 axes=0 | reduce: the problem has more elements",
                "embedding f32 forward vocabulary=0 dim=1 count=1 | embedding: vocabulary=0 is not at least 1",
                "embedding f32 forward vocabulary=1 dim=1 count=-1 | embedding: count=-1 is negative",
                "dropout f32 count=1 p=1.1 | dropout: p=1.1 is not within 0 and 1",
                "dropout f32 count=1 p=NaN | dropout: p=NaN is not within 0 and 1",
                "sgd f32 count=1 decayed=2 | sgd: decayed=2 is not within 0 and count=1",
                "sgd f32 count=1 momentum=-1 | sgd: momentum=-1.0 is negative",
                "sgd f32 count=1 decay=-1 | sgd: decay=-1.0 is negative",
                "sgd f32 nesterov count=1 | sgd: Nesterov needs momentum > 0 and dampening 0",
                "sgd f32 nesterov count=1 momentum=0.9 dampening=0.1 | sgd: Nesterov needs momentum > 0 and dampening"
                        + " 0",
                "adamw f32 count=1 decayed=-1 | adamw: decayed=-1 is not within 0 and count=1",
                "adamw f32 count=1 beta1=1 | adamw: beta1=1.0 is not within 0 and 1",
                "adamw f32 count=1 beta2=-0.1 | adamw: beta2=-0.1 is not within 0 and 1",
                "adamw f32 count=1 eps=-1 | adamw: eps=-1.0 is negative",
                "adamw f32 count=1 decay=NaN | adamw: decay=NaN is negative",
                "adam f32 count=1 clip=0 | adam: clip=0.0 is not positive",
                "adagrad f32 count=1 eps=-1 | adagrad: eps=-1.0 is negative",
                "rmsprop f32 count=1 alpha=1 | rmsprop: alpha=1.0 is not within 0 and 1",
                "rmsprop f32 count=1 momentum=-1 | rmsprop: momentum=-1.0 is negative",
                "rmsprop f32 count=1 eps=NaN | rmsprop: eps=NaN is negative",
                "lerp f32 count=-1 | lerp: count=-1 is negative",
                "gru f32 training t=1 b=-2 i=1 h=1 | gru: b=-2 is negative",
                "gru f32 training t=1 b=1 i=1 h=0 | gru: h=0 is not at least 1",
                "rnn f32 training t=1 b=1 i=1 h=0 | rnn: h=0 is not at least 1",
                "rnn f32 training act=gelu t=1 b=1 i=1 h=1 | rnn: act=gelu is not known; known are tanh, relu",
                "gru f32 training t=2000000000 b=2000000000 i=9 h=1 | gru: the problem has more elements",
                "gru f32 inference constantsrc t=1 b=1 i=1 h=1 | gru: only backward takes constantsrc",
                "lstm f32 training constantsrc t=1 b=1 i=1 h=1 | lstm: only backward takes constantsrc",
                "lstm f32 training t=-1 b=1 i=1 h=1 | lstm: t=-1 is negative",
                "lstm f32 training t=1 b=1 i=0 h=1 | lstm: i=0 is not at least 1",
                "lstm f32 training t=1 b=1 i=1 h=0 | lstm: h=0 is not at least 1",
                "lstm f32 training t=2000000000 b=2000000000 i=9 h=1 | lstm: the problem has more elements"
            })
    void whatMakesNoSenseIsRefused(String line, String answer) {
        assertThatIllegalArgumentException().isThrownBy(() -> Spec.parse(line)).withMessageContaining(answer);
    }

    @Test
    void aKernelLargerThanItsImageLeavesNoOutput() {
        ConvSpec conv = ConvSpec.of(1, 3, 4, 2, 5, 7, 1, 1);
        assertThat(conv.oh()).isZero();
        assertThat(conv.operands().getLast().elements()).isZero();
    }

    /** As PyTorch counts: floor((size + padding - kernel + stride - 1) / stride) + 1, if that window begins inside. */
    @Test
    void aCeilingPoolHasAWindowThatIsLargerThanItsImage() {
        PoolSpec pool = (PoolSpec) Spec.parse("pool f32 forward max ceil n=1 h=3 w=1 c=1 kh=4 kw=3 sh=2 sw=4");
        assertThat(pool.oh()).isOne();
        assertThat(pool.ow()).isOne();
        pool = (PoolSpec) Spec.parse("pool f32 forward max ceil n=1 h=3 w=1 c=1 kh=5 kw=6 sh=2 sw=4");
        assertThat(pool.oh()).isZero();
        assertThat(pool.ow()).isZero();
    }

    @Test
    void bytesCountUpdatesTwiceAndFlopsCountMultiplyAddsTwice() {
        assertThat(GemmSpec.of(2, 3, 5).flops()).isEqualTo(60);
        assertThat(GemmSpec.of(2, 3, 5).bytes()).isEqualTo(4 * (10 + 15 + 6));
        assertThat(GemmSpec.of(2, 3, 5).scaled(1, 1).bytes()).isEqualTo(4 * (10 + 15 + 12));
        assertThat(ConvSpec.of(1, 4, 4, 2, 3, 3, 1, 1).flops()).isEqualTo(2 * 16 * 3 * 9 * 2);
    }
}
