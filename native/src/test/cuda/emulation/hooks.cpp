// The fake runtime's side of hooks.h.
#include "hooks.h"

#include <string.h>

#include "device.h"

namespace {
long long objects = 0;

// Each takes the runtime's lock by a call that is always allowed.
struct Locked : Call {
    Locked() : Call("a hook", Needs::NOTHING) {}
};

int call(const char *name) {
    Locked lock;
    return counted(name);
}

int work(void *handle, const char *name, int (*function)(const void *), const void *arguments, size_t bytes) {
    Locked lock;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return INVALID_HANDLE;
    Node node;
    node.work = Work::VENDOR;
    node.vendor = function;
    node.name = name;
    node.arguments.assign(static_cast<const char *>(arguments), static_cast<const char *>(arguments) + bytes);
    return submit(stream, std::move(node));
}

bool holds(const void *address, size_t bytes) {
    Locked lock;
    size_t left;
    return regionOf(address, &left) == Region::DEVICE && bytes <= left;
}

bool capturing(void *handle) {
    Locked lock;
    Stream *stream = streamOf(handle);
    return stream != nullptr && stream->capture;
}

int fault() {
    Locked lock;
    return stickyError();
}

void count(int change) {
    Locked lock;
    objects += change;
}

void say(const char *message) {
    Locked lock;
    complain(message);
}
} // namespace

size_t liveVendorObjects() { return static_cast<size_t>(objects); }

void forgetVendorObjects() { objects = 0; }

API const GatunHooks *gatun_emulation_hooks() {
    static const GatunHooks hooks = {call, work, holds, capturing, fault, count, say};
    return &hooks;
}
