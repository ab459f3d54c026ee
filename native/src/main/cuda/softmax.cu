// Softmax in float: see softmax.h.
#include "softmax.h"

GATUN_SOFTMAX(f32, float)
