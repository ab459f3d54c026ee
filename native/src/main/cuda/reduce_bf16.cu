// Sums of bfloat16: see reduce.h.
#include "reduce.h"

GATUN_MIXED_REDUCE(bf16, gatun_bf16)
