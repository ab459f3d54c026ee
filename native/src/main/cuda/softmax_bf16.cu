// Softmax in bfloat16: see softmax.h.
#include "softmax.h"

GATUN_SOFTMAX(bf16, gatun_bf16)
