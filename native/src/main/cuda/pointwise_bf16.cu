// The pointwise kernels in bfloat16: read as floats, computed in float, rounded once. Half the bytes, 8 at a time.
#include "activation.h"
#include "binary.h"
#include "copy.h"
#include "pointwise.h"
#include "prelu.h"

GATUN_ACTIVATION(bf16, gatun_bf16)
GATUN_BINARY(bf16, gatun_bf16)
GATUN_COPY(bf16, gatun_bf16)
GATUN_POINTWISE(bf16, gatun_bf16)
GATUN_PRELU(bf16, gatun_bf16)
