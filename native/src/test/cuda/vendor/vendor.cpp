#include "vendor.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

const GatunHooks &device() {
    static const GatunHooks *hooks = [] {
        Dl_info here;
        dladdr(reinterpret_cast<void *>(&device), &here);
        std::string file = here.dli_fname;
        std::string runtime = file.substr(0, file.rfind('/') + 1) + "libcudart.so.13";
        void *library = dlopen(runtime.c_str(), RTLD_NOW); // the one in use, for it is the same file
        void *found = library ? dlsym(library, "gatun_emulation_hooks") : nullptr;
        if (found == nullptr) {
            fprintf(stderr, "%s: %s is no emulated runtime: %s\n", file.c_str(), runtime.c_str(), dlerror());
            abort();
        }
        return reinterpret_cast<const GatunHooks *(*)()>(found)();
    }();
    return *hooks;
}

namespace {
float bits(uint32_t word) {
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

uint16_t bfloat16(float value) {
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    if (value != value) return static_cast<uint16_t>(word >> 16 | 0x40);
    return static_cast<uint16_t>((word + 0x7fff + (word >> 16 & 1)) >> 16);
}
} // namespace

float load(const void *array, int64_t index, Type type) {
    if (type == Type::F32) return static_cast<const float *>(array)[index];
    if (type == Type::F16) return static_cast<float>(static_cast<const _Float16 *>(array)[index]);
    return bits(static_cast<uint32_t>(static_cast<const uint16_t *>(array)[index]) << 16);
}

void store(void *array, int64_t index, Type type, float value) {
    if (type == Type::F32) static_cast<float *>(array)[index] = value;
    else if (type == Type::F16) static_cast<_Float16 *>(array)[index] = static_cast<_Float16>(value);
    else static_cast<uint16_t *>(array)[index] = bfloat16(value);
}
