#include "copy.h"

GATUN_COPY(f32, float)
