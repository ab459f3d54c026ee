package io.gatun.contract;

import io.gatun.spec.Spec;
import java.util.List;

/** All families, in one list. */
final class Families {
    static final List<Family<?>> ALL = List.of(
            new GemmCases(),
            new ConvCases(),
            new PoolCases(),
            new AdaptivePoolCases(),
            new BatchNormCases(),
            new GroupNormCases(),
            new ActivationCases(),
            new AxpbyCases(),
            new BinaryCases(),
            new SoftmaxCases(),
            new CrossEntropyCases(),
            new LossCases(),
            new PenaltyCases(),
            new QuantizeCases(),
            new QuantizedConvCases(),
            new ReduceCases(),
            new PermuteCases(),
            new CopyCases(),
            new CropMirrorNormalizeCases(),
            new PReluCases(),
            new WhereCases(),
            new EmbeddingCases(),
            new DropoutCases(),
            new SgdCases(),
            new AdagradCases(),
            new RmsPropCases(),
            new AdamCases(),
            new LerpCases(),
            new PowerCases(),
            new ExtremeCases(),
            new RowNumbersCases(),
            new PaddingMaskCases(),
            new RunningMomentsCases(),
            new AverageCases(),
            new InverseDeviationCases(),
            new ClipNormCases(),
            new GruCases(),
            new LstmCases(),
            new RnnCases(),
            new CastCases(),
            new MixedCases());

    private Families() {}

    static Family<?> of(Spec spec) {
        return of(spec.getClass());
    }

    static Family<?> of(Class<?> type) {
        return ALL.stream().filter(f -> f.type == type).findFirst().orElseThrow();
    }
}
