#include "activation.h"

GATUN_ACTIVATION(f32, float)
