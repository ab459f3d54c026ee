// Batch normalization in bfloat16: see batchnorm.h.
#include "batchnorm.h"

GATUN_BATCHNORM(bf16, gatun_bf16)
