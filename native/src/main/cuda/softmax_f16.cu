// Softmax in binary16: see softmax.h.
#include "softmax.h"

GATUN_SOFTMAX(f16, gatun_f16)
