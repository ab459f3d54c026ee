// What the fake libraries beside the runtime (cuBLASLt, cuDNN) ask of the emulated device.
#ifndef GATUN_EMULATION_HOOKS_H
#define GATUN_EMULATION_HOOKS_H
#include <stddef.h>

struct GatunHooks {
    // Begins every call of the library: counts it, and returns the status that a test has injected into it, else 0.
    int (*call)(const char *name);
    // Puts a host function on a stream with a copy of `bytes` of arguments, as one piece of work: behind what is there,
    // later where the emulator is asynchronous, kept by a capture, and done again with the same arguments at each replay.
    // It counts as a launch of `name`, which must live on. The function returns 0 or the CUDA error that ends the context.
    // Returns a CUDA error, 400 for a stream that there is not.
    int (*work)(void *stream, const char *name, int (*function)(const void *arguments), const void *arguments, size_t bytes);
    // Whether `bytes` from an address on are device memory, all of one allocation.
    bool (*holds)(const void *address, size_t bytes);
    // Whether a stream captures.
    bool (*capturing)(void *stream);
    // The error that has ended the context, else 0.
    int (*fault)();
    // Notes that so many handles or descriptors were made, or destroyed where it is negative.
    void (*objects)(int change);
    // A diagnosis, for standard error and gatun_emulation_message.
    void (*complain)(const char *message);
};

extern "C" const GatunHooks *gatun_emulation_hooks();
#endif
