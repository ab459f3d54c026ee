// The one place for instructions that C++ has no word for. Each has a portable twin with the same bits, which g++ compiles
// for the emulator: an instruction may be here only if such a twin is.
#pragma once

// Java's Math.max and Math.min: NaN if either is, and -0 is below +0. One instruction from sm_80 on.
GATUN_FN float gatun_max(float a, float b) {
#ifdef __CUDA_ARCH__
    float y;
    asm("max.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b));
    return y;
#else
    if (a != a || b != b) {
        return gatun_float(0x7fffffffu);
    }
    return a > b || (a == b && !(gatun_bits(a) >> 31)) ? a : b;
#endif
}

GATUN_FN float gatun_min(float a, float b) {
#ifdef __CUDA_ARCH__
    float y;
    asm("min.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b));
    return y;
#else
    if (a != a || b != b) {
        return gatun_float(0x7fffffffu);
    }
    return a < b || (a == b && gatun_bits(a) >> 31) ? a : b;
#endif
}

// To 16 bits, halves to even; a NaN becomes 0x7fff, whatever its bits were.
GATUN_FN unsigned short gatun_bf16_bits(float x) {
#ifdef __CUDA_ARCH__
    unsigned short y;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y) : "f"(x));
    return y;
#else
    unsigned bits = gatun_bits(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return 0x7fff;
    }
    return (unsigned short) ((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
#endif
}

GATUN_FN unsigned short gatun_f16_bits(float x) {
#ifdef __CUDA_ARCH__
    unsigned short y;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x));
    return y;
#else
    unsigned bits = gatun_bits(x);
    unsigned sign = bits >> 16 & 0x8000u;
    unsigned size = bits & 0x7fffffffu;
    if (size > 0x7f800000u) {
        return 0x7fff;
    }
    if (size >= 0x477ff000u) {  // 65,520, half way from the largest number to what would follow it
        return (unsigned short) (sign | 0x7c00u);
    }
    unsigned kept;  // a number of f16's last places, and what of them is cut off
    unsigned cut;
    unsigned half;
    if (size >= 0x38800000u) {  // 2^-14 and above: 13 bits fewer, and another bias
        kept = (size - 0x38000000u) >> 13;
        cut = size & 0x1fffu;
        half = 0x1000u;
    } else if (size >= 0x33000000u) {  // 2^-25 and above: units of 2^-24
        unsigned shift = 126 - (size >> 23);
        unsigned digits = (size & 0x7fffffu) | 0x800000u;
        kept = digits >> shift;
        cut = digits & ((1u << shift) - 1);
        half = 1u << (shift - 1);
    } else {
        return (unsigned short) sign;
    }
    kept += cut > half || (cut == half && (kept & 1)) ? 1 : 0;
    return (unsigned short) (sign | kept);
#endif
}

GATUN_FN float gatun_f16_float(unsigned short bits) {
#ifdef __CUDA_ARCH__
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(bits));
    return y;
#else
    unsigned sign = (bits & 0x8000u) << 16;
    unsigned size = bits & 0x7fffu;
    if (size >= 0x7c00u) {
        return gatun_float(size > 0x7c00u ? 0x7fffffffu : sign | 0x7f800000u);
    }
    float value = size < 0x400u ? (float) size * 0x1p-24f : gatun_float((size << 13) + 0x38000000u);
    return gatun_float(gatun_bits(value) | sign);
#endif
}
