#include "binary.h"

GATUN_BINARY(f32, float)
