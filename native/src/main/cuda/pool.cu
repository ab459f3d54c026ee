// Pooling in float: see pool.h.
#include "pool.h"

GATUN_POOL(f32, float)
