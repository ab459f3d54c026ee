// The pointwise kernels in binary16: read as floats, computed in float, rounded once. Half the bytes, 8 at a time.
#include "activation.h"
#include "binary.h"
#include "copy.h"
#include "pointwise.h"
#include "prelu.h"

GATUN_ACTIVATION(f16, gatun_f16)
GATUN_BINARY(f16, gatun_f16)
GATUN_COPY(f16, gatun_f16)
GATUN_POINTWISE(f16, gatun_f16)
GATUN_PRELU(f16, gatun_f16)
