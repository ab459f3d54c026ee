// Group normalization in binary16: see groupnorm.h.
#include "groupnorm.h"

GATUN_GROUPNORM(f16, gatun_f16)
