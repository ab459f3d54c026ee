// Pooling in binary16: see pool.h.
#include "pool.h"

GATUN_POOL(f16, gatun_f16)
