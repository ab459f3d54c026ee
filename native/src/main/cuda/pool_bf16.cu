// Pooling in bfloat16: see pool.h.
#include "pool.h"

GATUN_POOL(bf16, gatun_bf16)
