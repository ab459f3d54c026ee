// How a compiled kernel becomes reachable by its name. The build script writes one GATUN_KERNEL line for each
// `__global__` function of a .cu file behind its text; the parameter types come from the function itself.
#ifndef GATUN_EMULATION_KERNEL_H
#define GATUN_EMULATION_KERNEL_H
#include "emulation.h"

#include <type_traits>
#include <utility>

struct GatunParameter {
    int size;
    bool pointer, floating;
};
struct GatunKernel {
    const char *name;
    int count;
    const GatunParameter *parameters;
    void (*one)(void **arguments);                              // the thread that gatun_emulated says
    void (*all)(void **arguments, unsigned threads, bool down); // every thread of a block, one after the other
    GatunKernel *next;
};
extern "C" GATUN_HIDDEN void gatun_emulated_register(GatunKernel *kernel);

// Of each file alone: two files may have kernels of one type, and objcopy has made local what the linker would merge.
namespace {
template <class F> struct GatunCaller;
template <class... P> struct GatunCaller<void (*)(P...)> {
    template <class T> using Stored = std::remove_const_t<T>;
    static constexpr int count = sizeof...(P);
    static const GatunParameter *parameters() {
        static const GatunParameter list[] = {
            {static_cast<int>(sizeof(P)), std::is_pointer<P>::value, std::is_floating_point<P>::value}..., {0, false, false}};
        return list;
    }
    template <void (*F)(P...), size_t... I> static void call(void **arguments, std::index_sequence<I...>) {
        F(*static_cast<Stored<P> *>(arguments[I])...);
    }
    template <void (*F)(P...)> static void one(void **arguments) { call<F>(arguments, std::index_sequence_for<P...>()); }
    template <void (*F)(P...)> static void all(void **arguments, unsigned threads, bool down) {
        GatunEmulated &here = gatun_emulated;
        here.thread = down ? uint3{here.blockSize.x - 1, here.blockSize.y - 1, here.blockSize.z - 1} : uint3{0, 0, 0};
        for (; threads > 0; threads--) {
            one<F>(arguments);
            if (down) {
                if (here.thread.x-- > 0) continue;
                here.thread.x = here.blockSize.x - 1;
                if (here.thread.y-- > 0) continue;
                here.thread.y = here.blockSize.y - 1, here.thread.z--;
            } else {
                if (++here.thread.x < here.blockSize.x) continue;
                here.thread.x = 0;
                if (++here.thread.y < here.blockSize.y) continue;
                here.thread.y = 0, here.thread.z++;
            }
        }
    }
};
} // namespace
#define GATUN_KERNEL(NAME)                                                                                             \
    __attribute__((constructor)) static void gatun_register_##NAME() {                                                 \
        using Caller = GatunCaller<decltype(&NAME)>;                                                                   \
        static GatunKernel kernel = {#NAME, Caller::count, Caller::parameters(), Caller::one<NAME>, Caller::all<NAME>, \
                                     nullptr};                                                                         \
        gatun_emulated_register(&kernel);                                                                              \
    }
#endif
