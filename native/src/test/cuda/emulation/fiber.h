// A stack switch for threads of a block that wait for each other: six registers and the stack pointer, 2 ns; the C
// library's swapcontext calls the kernel to change the signal mask each time, 300 ns.
#ifndef GATUN_EMULATION_FIBER_H
#define GATUN_EMULATION_FIBER_H
#include <stddef.h>

#if defined(__x86_64__)
struct Context {
    void *stackPointer;
};
extern "C" __attribute__((visibility("hidden"))) void gatun_fiber_switch(void **save, void *load);
inline void switchContext(Context &from, Context &to) { gatun_fiber_switch(&from.stackPointer, to.stackPointer); }
inline void startContext(Context &context, char *stack, size_t size, void (*entry)()) {
    // At a function's first instruction the stack pointer is 8 off a multiple of 16, as after a call.
    void **top = reinterpret_cast<void **>((reinterpret_cast<size_t>(stack) + size) & ~static_cast<size_t>(15)) - 1;
    *top = nullptr;
    *--top = reinterpret_cast<void *>(entry);
    for (int i = 0; i < 6; i++) *--top = nullptr;
    context.stackPointer = top;
}
#else
#include <ucontext.h>
struct Context {
    ucontext_t state;
};
inline void switchContext(Context &from, Context &to) { swapcontext(&from.state, &to.state); }
inline void startContext(Context &context, char *stack, size_t size, void (*entry)()) {
    getcontext(&context.state);
    context.state.uc_stack.ss_sp = stack;
    context.state.uc_stack.ss_size = size;
    context.state.uc_link = nullptr;
    makecontext(&context.state, entry, 0);
}
#endif
#endif
