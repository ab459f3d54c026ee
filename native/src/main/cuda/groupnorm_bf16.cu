// Group normalization in bfloat16: see groupnorm.h.
#include "groupnorm.h"

GATUN_GROUPNORM(bf16, gatun_bf16)
