// Sums of binary16: see reduce.h.
#include "reduce.h"

GATUN_MIXED_REDUCE(f16, gatun_f16)
