// Batch normalization in binary16: see batchnorm.h.
#include "batchnorm.h"

GATUN_BATCHNORM(f16, gatun_f16)
