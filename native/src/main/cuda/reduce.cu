// Sums in float: see reduce.h.
#include "reduce.h"

GATUN_REDUCE(f32, float, float)
