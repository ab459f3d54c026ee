// Device and pinned memory. Everything is filled with a recognisable NaN when it is allocated and when it is freed.
// GATUN_EMULATION_GUARD=1: each allocation ends at an inaccessible page (aligned to GATUN_EMULATION_ALIGNMENT, 16), and
// freed pages stay inaccessible; else 256-byte aligned as CUDA's, with canaries that are looked at when it is freed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "device.h"

namespace {
constexpr unsigned POISON = 0x7fc0dead;
constexpr size_t PAGE = 4096, CANARY = 64;
constexpr unsigned char BYTE = 0xa5;

struct Allocation {
    size_t size = 0;
    Region region = Region::NONE;
    char *mapping = nullptr; // null: registered host memory of somebody else
    size_t mapped = 0;
    bool guarded = false;
};
struct Freed {
    char *mapping;
    size_t mapped;
};
struct Memory {
    std::map<char *, Allocation> live;
    std::deque<Freed> freed;
    size_t used = 0, pinned = 0, quarantined = 0;
};
Memory &memory() {
    static auto *one = new Memory();
    return *one;
}

size_t roundUp(size_t n, size_t to) { return (n + to - 1) / to * to; }

void poison(char *at, size_t size) {
    for (size_t i = 0; i + 4 <= size; i += 4) memcpy(at + i, &POISON, 4);
    for (size_t i = size & ~static_cast<size_t>(3); i < size; i++) at[i] = static_cast<char>(0xc0);
}

// The bytes of the mapping that belong to nobody: [front, start) and [start + size, back).
void slack(char *start, const Allocation &a, char *&front, char *&back) {
    front = a.mapping + (a.guarded ? PAGE : 0);
    back = a.mapping + a.mapped - (a.guarded ? PAGE : 0);
    if (start - front > 1024) front = start - 1024;
    if (back - (start + a.size) > 1024) back = start + a.size + 1024;
}

void paint(char *start, const Allocation &a) {
    char *front, *back;
    slack(start, a, front, back);
    memset(front, BYTE, static_cast<size_t>(start - front));
    memset(start + a.size, BYTE, static_cast<size_t>(back - (start + a.size)));
}

void checkCanaries(char *start, const Allocation &a) {
    if (a.mapping == nullptr) return;
    char *front, *back;
    slack(start, a, front, back);
    for (char *at = front; at < back; at++) {
        if (at == start) at += a.size;
        if (at >= back || static_cast<unsigned char>(*at) == BYTE) continue;
        char text[200];
        snprintf(text, sizeof text, "somebody wrote outside an allocation of %zu bytes at %p: at %+lld bytes", a.size,
                 static_cast<void *>(start), static_cast<long long>(at - start));
        die(ILLEGAL_ADDRESS, text);
        paint(start, a); // said once
        return;
    }
}

void giveBack(char *start, const Allocation &a) {
    Memory &m = memory();
    checkCanaries(start, a);
    size_t &count = a.region == Region::DEVICE ? m.used : m.pinned;
    count -= roundUp(a.size, 512);
    if (a.mapping == nullptr) return;
    // The pages themselves go back to the system, the addresses are not given out again for a while.
    if (a.guarded) {
        mmap(a.mapping, a.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    } else {
        poison(start, a.size);
    }
    m.freed.push_back({a.mapping, a.mapped});
    m.quarantined += a.mapped;
    size_t most = a.guarded ? size_t{1} << 32 : size_t{32} << 20;
    while (m.quarantined > most || m.freed.size() > 2000) {
        munmap(m.freed.front().mapping, m.freed.front().mapped);
        m.quarantined -= m.freed.front().mapped;
        m.freed.pop_front();
    }
}
} // namespace

size_t totalBytes() { return static_cast<size_t>(number("MEMORY", 2LL << 30)); }
size_t usedBytes() { return memory().used; }
size_t pinnedBytes() { return memory().pinned; }

int allocate(void **out, size_t size, Region region) {
    Memory &m = memory();
    if (out == nullptr) return INVALID_VALUE;
    *out = nullptr;
    if (size == 0) return SUCCESS;
    size_t counted = roundUp(size, 512);
    if (counted < size) return OUT_OF_MEMORY;
    if (region == Region::DEVICE && (counted > totalBytes() || m.used + counted > totalBytes())) return OUT_OF_MEMORY;
    Allocation a;
    a.size = size;
    a.region = region;
    a.guarded = number("GUARD", 0) != 0;
    size_t alignment = a.guarded ? static_cast<size_t>(number("ALIGNMENT", 16)) : 256;
    if (a.guarded) {
        a.mapped = roundUp(roundUp(size, alignment), PAGE) + 2 * PAGE;
    } else {
        a.mapped = roundUp(256 + roundUp(size, alignment) + CANARY, PAGE);
    }
    void *mapping = mmap(nullptr, a.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return OUT_OF_MEMORY;
    a.mapping = static_cast<char *>(mapping);
    char *start = a.mapping + 256;
    if (a.guarded) {
        start = a.mapping + a.mapped - PAGE - roundUp(size, alignment);
        mprotect(a.mapping, PAGE, PROT_NONE);
        mprotect(a.mapping + a.mapped - PAGE, PAGE, PROT_NONE);
    }
    paint(start, a);
    poison(start, size);
    (region == Region::DEVICE ? m.used : m.pinned) += counted;
    m.live[start] = a;
    *out = start;
    return SUCCESS;
}

int release(void *address, Region region) {
    if (address == nullptr) return SUCCESS;
    auto found = memory().live.find(static_cast<char *>(address));
    if (found == memory().live.end() || found->second.region != region || found->second.mapping == nullptr) {
        char text[128];
        snprintf(text, sizeof text, "%p is freed, but it is no live allocation of that kind", address);
        complain(text);
        return INVALID_VALUE;
    }
    Allocation a = found->second;
    memory().live.erase(found);
    giveBack(static_cast<char *>(address), a);
    return stickyError();
}

int registerHost(void *address, size_t size) {
    if (address == nullptr || size == 0) return INVALID_VALUE;
    if (regionOf(address) != Region::NONE) return 712;
    Allocation a;
    a.size = size;
    a.region = Region::PINNED;
    memory().pinned += roundUp(size, 512);
    memory().live[static_cast<char *>(address)] = a;
    return SUCCESS;
}

int unregisterHost(void *address) {
    auto found = memory().live.find(static_cast<char *>(address));
    if (found == memory().live.end() || found->second.mapping != nullptr) return 713;
    memory().pinned -= roundUp(found->second.size, 512);
    memory().live.erase(found);
    return SUCCESS;
}

Region regionOf(const void *address, size_t *left) {
    char *at = const_cast<char *>(static_cast<const char *>(address));
    auto next = memory().live.upper_bound(at);
    if (left) *left = 0;
    if (next == memory().live.begin()) return Region::NONE;
    --next;
    if (at > next->first + next->second.size) return Region::NONE;
    if (left) *left = static_cast<size_t>(next->first + next->second.size - at);
    return next->second.region;
}

void checkAllCanaries() {
    for (auto &entry : memory().live) checkCanaries(entry.first, entry.second);
}

void forgetMemory() {
    auto live = memory().live;
    memory().live.clear();
    for (auto &entry : live) giveBack(entry.first, entry.second);
}
