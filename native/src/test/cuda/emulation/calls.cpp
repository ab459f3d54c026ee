// What all calls share: counting, injected errors, sticky errors, the last error; and the functions by which tests
// steer the fake. Settings: GATUN_EMULATION_SEED, ASYNC, MEMORY, GUARD, ALIGNMENT, FAIL, DRIVER, CAPABILITY, QUIET.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

namespace {
struct Injection {
    long long at;
    int code;
};
std::recursive_mutex &mutex() {
    static auto *one = new std::recursive_mutex(); // never destroyed: daemon threads may call during exit
    return *one;
}
struct State {
    std::map<std::string, std::string> settings, environment;
    std::map<std::string, long long> calls; // since the start or the last reset
    std::map<std::string, std::vector<Injection>> injections;
    std::string message;
    int sticky = 0;
    bool injectionsRead = false, listed = false;
};
State &state() {
    static auto *one = new State();
    return *one;
}
__thread int lastError;

bool isSticky(int code) {
    return code == 214 || code == 220 || code == 226 || code == ILLEGAL_ADDRESS || code == 702 || code == 709 ||
           code == 710 || (code >= 714 && code <= 719) || code == 721 || code == 810 || code == 911;
}

void inject(const std::string &name, long long at, int code) {
    state().injections[name].push_back({state().calls[name] + at, code});
}

void readInjections() {
    if (state().injectionsRead) return;
    state().injectionsRead = true;
    std::string all = setting("FAIL", "");
    for (size_t at = 0; at < all.size();) {
        size_t end = all.find(';', at);
        if (end == std::string::npos) end = all.size();
        char name[128];
        long long k;
        int code;
        std::string one = all.substr(at, end - at);
        if (sscanf(one.c_str(), "%127[^:]:%lld:%d", name, &k, &code) == 3) {
            inject(name, k, code);
        } else if (!one.empty()) {
            complain("GATUN_EMULATION_FAIL is name:k:code;..., not " + one);
            abort();
        }
        at = end + 1;
    }
}
} // namespace

std::string setting(const char *name, const char *otherwise) {
    State &s = state();
    if (!s.settings.empty()) {
        auto found = s.settings.find(name);
        if (found != s.settings.end()) return found->second;
    }
    if (!s.listed) { // several are asked for at each call, and an environment is long
        s.listed = true;
        for (char **entry = environ; *entry; entry++) {
            if (strncmp(*entry, "GATUN_EMULATION_", 16) != 0) continue;
            const char *name = *entry + 16, *equals = strchr(name, '=');
            if (equals) s.environment[std::string(name, equals)] = equals + 1;
        }
    }
    if (s.environment.empty()) return otherwise;
    auto found = s.environment.find(name);
    return found == s.environment.end() ? otherwise : found->second;
}

long long number(const char *name, long long otherwise) {
    std::string value = setting(name, "");
    if (value.empty()) return otherwise;
    char *end;
    long long n = strtoll(value.c_str(), &end, 10);
    switch (*end) {
        case 'G': case 'g': return n << 30;
        case 'M': case 'm': return n << 20;
        case 'K': case 'k': return n << 10;
        default: return n;
    }
}

void complain(const std::string &message) {
    state().message = message;
    if (number("QUIET", 0) == 0) fprintf(stderr, "emulated CUDA: %s\n", message.c_str());
}

void die(int code, const std::string &message) {
    if (state().sticky != 0) return;
    state().sticky = code;
    complain(message + ": error " + std::to_string(code) + ", the context is dead");
}

int stickyError() { return state().sticky; }

double now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

int threadId() { return static_cast<int>(syscall(SYS_gettid)); }

int counted(const char *name) {
    State &s = state();
    readInjections();
    long long k = ++s.calls[name];
    auto injections = s.injections.find(name);
    if (injections == s.injections.end()) return 0;
    for (const Injection &injection : injections->second) {
        if (injection.at == k) return injection.code;
    }
    return 0;
}

Call::Call(const char *name, Needs needs) : lock(mutex()), error(0) {
    State &s = state();
    if (int code = counted(name)) {
        if (isSticky(code)) die(code, std::string("injected into ") + name);
        error = done(code);
        return;
    }
    if (needs == Needs::NOTHING) return;
    std::string driver = setting("DRIVER", "");
    if (driver == "none" || driver == "old") {
        error = done(INSUFFICIENT_DRIVER);
    } else if (needs == Needs::DRIVER) {
        return;
    } else if (driver == "nodevice") {
        error = done(NO_DEVICE);
    } else if (s.sticky) {
        error = done(s.sticky);
    } else if (needs == Needs::NO_CAPTURE && invalidateCaptures(true)) {
        complain(std::string(name) + " is not allowed while a stream captures: the capture is void");
        error = done(CAPTURE_UNSUPPORTED);
    }
}

int Call::done(int code) {
    if (code != SUCCESS && code != NOT_READY) lastError = code;
    return code;
}

// What a call of this thread has returned last: a fault that only another library has seen is not among it, for NVIDIA's
// have a runtime of their own.
API int cudaGetLastError() {
    Call call("cudaGetLastError", Needs::NOTHING);
    if (call.error) return call.error;
    int code = lastError;
    if (!isSticky(code)) lastError = 0;
    return code;
}

API int cudaPeekAtLastError() {
    Call call("cudaPeekAtLastError", Needs::NOTHING);
    if (call.error) return call.error;
    return lastError;
}

// ---- for tests --------------------------------------------------------------------------------------------------------
using Lock = std::lock_guard<std::recursive_mutex>;

// The k-th call (from 1) of the named function from now on fails with this code.
API void gatun_emulation_fail(const char *name, long long k, int code) {
    Lock lock(mutex());
    readInjections();
    inject(name, k, code);
}

// Overrides an environment variable: ("ASYNC", "1") for GATUN_EMULATION_ASYNC; a null value takes it back.
API void gatun_emulation_set(const char *name, const char *value) {
    Lock lock(mutex());
    if (value) state().settings[name] = value;
    else state().settings.erase(name);
}

// No injections, no settings, counters at 0, a living context. Memory, streams and libraries stay.
API void gatun_emulation_reset() {
    Lock lock(mutex());
    State &s = state();
    s.settings.clear();
    s.calls.clear();
    s.injections.clear();
    s.message.clear();
    s.sticky = 0;
    lastError = 0;
    s.injectionsRead = false;
    invalidateCaptures(false);
    countLaunch(nullptr);
}

// As gatun_emulation_reset, and everything that was allocated or created is gone: handles and addresses are void.
API void gatun_emulation_forget() {
    Lock lock(mutex());
    forgetStreams();
    forgetGraphs();
    forgetLibraries();
    forgetMemory();
    forgetVendorObjects();
    gatun_emulation_reset();
}

// Calls of a function of the runtime, "cudaGraphLaunch" say, since the start or the last reset; of all for "".
API long long gatun_emulation_calls(const char *name) {
    Lock lock(mutex());
    if (*name == 0) {
        long long all = 0;
        for (auto &each : state().calls) all += each.second;
        return all;
    }
    auto found = state().calls.find(name);
    return found == state().calls.end() ? 0 : found->second;
}

// How often a kernel ran, within graphs too; of all kernels for "".
API long long gatun_emulation_launches(const char *kernel) {
    Lock lock(mutex());
    return launchesOf(kernel);
}

API long long gatun_emulation_live_bytes() {
    Lock lock(mutex());
    return static_cast<long long>(usedBytes());
}

API long long gatun_emulation_live_pinned_bytes() {
    Lock lock(mutex());
    return static_cast<long long>(pinnedBytes());
}

// Streams, events, graphs, executable graphs, libraries, and the handles and descriptors of libraries beside the runtime.
API long long gatun_emulation_live_objects() {
    Lock lock(mutex());
    return static_cast<long long>(liveStreamObjects() + liveGraphs() + liveLibraries() + liveVendorObjects());
}

// The latest diagnosis, empty where there was none; the text stays until the next call of any kind.
API const char *gatun_emulation_message() {
    Lock lock(mutex());
    static auto *copy = new std::string();
    *copy = state().message;
    return copy->c_str();
}

// Checks the bytes around every allocation now; an overrun kills the context.
API int gatun_emulation_check() {
    Lock lock(mutex());
    checkAllCanaries();
    return state().sticky;
}
