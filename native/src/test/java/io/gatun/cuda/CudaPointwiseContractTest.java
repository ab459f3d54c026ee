package io.gatun.cuda;

import io.gatun.contract.KernelContract;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.AverageSpec;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.CastSpec;
import io.gatun.spec.ClipNormSpec;
import io.gatun.spec.CopySpec;
import io.gatun.spec.CropMirrorNormalizeSpec;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.ExtremeSpec;
import io.gatun.spec.InverseDeviationSpec;
import io.gatun.spec.LerpSpec;
import io.gatun.spec.PReluSpec;
import io.gatun.spec.PaddingMaskSpec;
import io.gatun.spec.PermuteSpec;
import io.gatun.spec.PowerSpec;
import io.gatun.spec.RowNumbersSpec;
import io.gatun.spec.RunningMomentsSpec;
import io.gatun.spec.Spec;
import io.gatun.spec.WhereSpec;
import java.util.Set;

/**
 * The families of one element at a time and what a step needs besides: their bits are the scalar kernels', which is also
 * what makes a dropout mask the CPU's.
 */
@RequiresCuda
class CudaPointwiseContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "cuda";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(
                ActivationSpec.class,
                AverageSpec.class,
                AxpbySpec.class,
                BinarySpec.class,
                CastSpec.class,
                CopySpec.class,
                CropMirrorNormalizeSpec.class,
                DropoutSpec.class,
                ExtremeSpec.class,
                InverseDeviationSpec.class,
                LerpSpec.class,
                PReluSpec.class,
                PaddingMaskSpec.class,
                PermuteSpec.class,
                PowerSpec.class,
                RowNumbersSpec.class,
                RunningMomentsSpec.class,
                ClipNormSpec.class,
                WhereSpec.class);
    }

    @Override
    protected boolean mayRefuse(Spec spec) {
        return false;
    }

    @Override
    protected Set<Class<? extends Spec>> bitwiseEqualToReference() {
        return families();
    }
}
