// Recurrent layers in bfloat16: see recurrent.h.
#include "recurrent.h"

GATUN_RECURRENT(bf16, gatun_bf16)
