// Recurrent layers in binary16: see recurrent.h.
#include "recurrent.h"

GATUN_RECURRENT(f16, gatun_f16)
