// The threads of a block. Where no thread waits for another they run one after the other, up or down; else each has
// its own stack and they run in a random order of a fixed seed, so that a missing barrier shows as wrong numbers.
#include "engine.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <iterator>
#include <mutex>

#include "fiber.h"

__thread GatunEmulated gatun_emulated;

#if defined(__x86_64__)
asm(R"(
.text
.hidden gatun_fiber_switch
.globl gatun_fiber_switch
.type gatun_fiber_switch,@function
gatun_fiber_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size gatun_fiber_switch, .-gatun_fiber_switch
)");
#endif

namespace {
constexpr int MOST = 1024, WARPS = MOST / 32;
// A stack's top is 5 cache lines below that of the one before it, page for page: else all would fight for the same sets
// of the cache. Its lowest page is a guard.
constexpr size_t STACK = 64 * 1024, SLOT = STACK + 2 * 4096, SHIFT = 320;
constexpr unsigned POISON = 0x7fc0dead;

enum State : unsigned char { READY, AT_BARRIER, IN_WARP, ENDED };
struct Fiber {
    Context context;
    uint3 index;
    State state;
    unsigned mask;
    void (*all)(void *const *);
    void *mine;
};
struct AsyncCopy {
    void *to;
    const void *from;
    int bytes, group;
};
struct AsyncCopies { // of one thread
    std::vector<AsyncCopy> pending;
    int groups = 0;
};
struct Worker {
    const Launch *launch = nullptr;
    Context main;
    Fiber fibers[MOST];
    unsigned short queue[MOST];
    unsigned head, queued; // a ring: every ready fiber but the running one is in it once
    int threads, current, ended, arrived, kind, sum;
    int barrierResult;
    unsigned waiting[WARPS], gone[WARPS]; // lanes in a warp call; lanes that ended or never were
    bool usesFibers;
    char *stacks = nullptr, *signals = nullptr;
    int guarded = 0; // stacks whose guard is up
    std::vector<AsyncCopies> copies;
    unsigned long long random;
    sigjmp_buf escape;
    Outcome outcome;
};
__thread Worker *self;
GatunKernel *kernels;
// Who runs a kernel, for the signal handler: it must not touch another thread's lazily made thread-local storage.
std::atomic<int> running[4];

unsigned nextRandom(Worker &w) {
    w.random ^= w.random << 13, w.random ^= w.random >> 7, w.random ^= w.random << 17;
    return static_cast<unsigned>(w.random >> 32);
}

[[noreturn]] void fail(Worker &w, int code, const std::string &what) {
    char where[256];
    const GatunEmulated &e = gatun_emulated;
    snprintf(where, sizeof where, "%s, block (%u,%u,%u), thread (%u,%u,%u): ", w.launch->kernel->name, e.block.x,
             e.block.y, e.block.z, e.thread.x, e.thread.y, e.thread.z);
    w.outcome.code = code;
    w.outcome.message = where + what;
    siglongjmp(w.escape, 1);
}

void push(Worker &w, int fiber) {
    w.queue[(w.head + w.queued++) & (MOST - 1)] = static_cast<unsigned short>(fiber);
}

// All of a set of `count` in a random order that costs nothing to make: start + i * stride, stride and count coprime.
template <class F> void shuffled(Worker &w, int count, F each) {
    static const int strides[] = {1, 1, 7, 31, 37, 101, 127, 257};
    unsigned random = nextRandom(w);
    int stride = strides[random & 7], start = static_cast<int>((random >> 8) % static_cast<unsigned>(count));
    if (stride >= count || count % stride == 0) stride = 1; // the strides are primes
    if (random & 128) stride = count - stride;
    if (stride == 0) stride = 1;
    for (int i = 0, at = start; i < count; i++) {
        each(at);
        at += stride;
        if (at >= count) at -= count;
    }
}

std::string deadlock(Worker &w) {
    int barrier = 0, inWarp = 0, ended = 0, example = -1;
    for (int i = 0; i < w.threads; i++) {
        barrier += w.fibers[i].state == AT_BARRIER;
        inWarp += w.fibers[i].state == IN_WARP;
        ended += w.fibers[i].state == ENDED;
        if (w.fibers[i].state == (barrier ? AT_BARRIER : IN_WARP) && example < 0) example = i;
    }
    if (example >= 0) gatun_emulated.thread = w.fibers[example].index;
    char text[256];
    snprintf(text, sizeof text,
             "it waits for ever: of the block's %d threads %d wait at __syncthreads, %d in a warp-wide operation whose "
             "mask names others, and %d have ended (a divergent barrier)",
             w.threads, barrier, inWarp, ended);
    return text;
}

void resume(Worker &w, Context &from) {
    if (w.queued == 0) {
        if (w.ended < w.threads) fail(w, 719, deadlock(w));
        switchContext(from, w.main);
        return;
    }
    int next = w.queue[w.head];
    w.head = (w.head + 1) & (MOST - 1);
    w.queued--;
    w.current = next;
    Fiber &fiber = w.fibers[next];
    gatun_emulated.thread = fiber.index;
    if (&fiber.context != &from) switchContext(from, fiber.context);
}

void releaseWarp(Worker &w, int warp) {
    unsigned candidates = w.waiting[warp];
    while (candidates) {
        Fiber &first = w.fibers[warp * 32 + __builtin_ctz(candidates)];
        unsigned mask = first.mask & ~w.gone[warp];
        candidates &= ~mask & (candidates - 1);
        if ((w.waiting[warp] & mask) != mask) continue;
        void *lanes[32] = {};
        for (unsigned rest = mask; rest; rest &= rest - 1) {
            int lane = __builtin_ctz(rest);
            Fiber &fiber = w.fibers[warp * 32 + lane];
            if (fiber.mask != first.mask || fiber.all != first.all) {
                gatun_emulated.thread = fiber.index;
                fail(w, 719, "lanes of one warp meet in different warp-wide operations or with different masks");
            }
            lanes[lane] = fiber.mine;
        }
        first.all(lanes);
        w.waiting[warp] &= ~mask;
        shuffled(w, 32, [&](int lane) {
            if (mask >> lane & 1) {
                w.fibers[warp * 32 + lane].state = READY;
                push(w, warp * 32 + lane);
            }
        });
    }
}

void fiberMain() {
    Worker &w = *self;
    w.launch->kernel->one(w.launch->arguments);
    int me = w.current, warp = me >> 5;
    w.fibers[me].state = ENDED;
    w.ended++;
    w.gone[warp] |= 1u << (me & 31);
    if (w.waiting[warp]) releaseWarp(w, warp);
    resume(w, w.fibers[me].context);
    abort(); // nobody resumes a fiber that ended
}

void runFibers(Worker &w) {
    uint3 index = {0, 0, 0}, size = gatun_emulated.blockSize;
    w.head = w.queued = 0;
    w.ended = w.arrived = 0;
    for (int i = 0; i < w.threads; i++) {
        Fiber &fiber = w.fibers[i];
        fiber.index = index;
        fiber.state = READY;
        startContext(fiber.context, w.stacks + SLOT * i, SLOT - SHIFT * i % 4096, fiberMain);
        if (++index.x == size.x && (index.x = 0, ++index.y == size.y)) index.y = 0, index.z++;
    }
    for (int warp = 0; warp * 32 < w.threads; warp++) {
        int lanes = w.threads - warp * 32;
        w.waiting[warp] = 0;
        w.gone[warp] = lanes >= 32 ? 0 : ~0u << lanes;
    }
    shuffled(w, w.threads, [&](int i) { push(w, i); });
    resume(w, w.main);
}

// An inaccessible page; and the trap instruction that g++ puts where an access is not aligned to its type, which is an
// illegal one on x86 and a breakpoint elsewhere.
constexpr int FAULTS[] = {SIGSEGV, SIGILL, SIGTRAP};
struct sigaction before[std::size(FAULTS)];

void onFault(int signal, siginfo_t *info, void *context) {
    int me = static_cast<int>(syscall(SYS_gettid));
    for (auto &id : running) {
        if (id.load(std::memory_order_relaxed) != me) continue;
        if (signal != SIGSEGV) fail(*self, 716, "a load or store at an address not aligned to its type");
        char what[128];
        snprintf(what, sizeof what, "illegal address %p (or an overflow of its stack of 64 KiB)", info->si_addr);
        fail(*self, 700, what);
    }
    const struct sigaction &theirs = before[std::find(FAULTS, std::end(FAULTS), signal) - FAULTS];
    if (theirs.sa_flags & SA_SIGINFO) {
        theirs.sa_sigaction(signal, info, context);
    } else if (theirs.sa_handler == SIG_DFL || theirs.sa_handler == SIG_IGN) {
        sigaction(signal, &theirs, nullptr); // the instruction runs again and the process ends as it would have
    } else {
        theirs.sa_handler(signal);
    }
}

void watchFaults() {
    static bool watching = false;
    if (watching) return;
    watching = true;
    for (size_t i = 0; i < std::size(FAULTS); i++) {
        sigaction(FAULTS[i], nullptr, &before[i]);
        struct sigaction ours = before[i];
        ours.sa_sigaction = onFault;
        ours.sa_flags = (before[i].sa_flags & ~SA_RESETHAND) | SA_SIGINFO | SA_RESTART | SA_NODEFER | SA_ONSTACK;
        sigaction(FAULTS[i], &ours, nullptr);
    }
}

// The handler needs a stack of its own for the case that a fiber's is what overflowed.
struct SignalStack {
    stack_t old;
    explicit SignalStack(Worker &w) {
        constexpr size_t size = 64 * 1024;
        if (w.signals == nullptr) w.signals = new char[size];
        stack_t ours = {};
        ours.ss_sp = w.signals;
        ours.ss_size = size;
        sigaltstack(&ours, &old);
    }
    ~SignalStack() { sigaltstack(&old, nullptr); }
};

// One for each of the two that share a launch, and not one for each thread that ever launched: a guarded stack splits its
// mapping in two, and a process has 65,530 of them.
Worker &worker(int slot, int fibers) {
    static Worker workers[2];
    self = &workers[slot];
    if (fibers > 0 && self->stacks == nullptr) {
        void *stacks =
                mmap(nullptr, SLOT * MOST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stacks == MAP_FAILED) abort();
        self->stacks = static_cast<char *>(stacks);
    }
    for (int &i = self->guarded; i < fibers; i++) mprotect(self->stacks + SLOT * i, 4096, PROT_NONE);
    return *self;
}

void poison(const Launch &launch) {
    char *storage = threadStorage();
    for (const SharedRange &range : launch.shared) {
        char *at = storage + range.offset;
        for (size_t i = 0; i + 4 <= range.size; i += 4) memcpy(at + i, &POISON, 4);
        for (size_t i = range.size & ~static_cast<size_t>(3); i < range.size; i++) at[i] = static_cast<char>(0xde);
    }
}

struct Job {
    const Launch *launch;
    std::atomic<unsigned long long> next{0};
    unsigned long long blocks, stride, start;
    std::atomic<bool> failed{false};
    Outcome outcome;
};

void work(Job &job, int slot) {
    const Launch &launch = *job.launch;
    int threads = static_cast<int>(launch.block.x * launch.block.y * launch.block.z);
    Worker &w = worker(slot, launch.fibers ? threads : 0);
    SignalStack signalStack(w);
    w.launch = &launch;
    w.usesFibers = launch.fibers;
    w.threads = threads;
    w.outcome = Outcome();
    gatun_emulated.blockSize = {launch.block.x, launch.block.y, launch.block.z};
    gatun_emulated.gridSize = {launch.grid.x, launch.grid.y, launch.grid.z};
    if (sigsetjmp(w.escape, 1) == 0) {
        running[slot] = static_cast<int>(syscall(SYS_gettid));
        for (unsigned long long i; (i = job.next.fetch_add(1)) < job.blocks && !job.failed;) {
            auto block = static_cast<unsigned long long>(
                    (static_cast<unsigned __int128>(i) * job.stride + job.start) % job.blocks);
            unsigned long long row = block / launch.grid.x;
            gatun_emulated.block = {static_cast<unsigned>(block % launch.grid.x),
                                    static_cast<unsigned>(row % launch.grid.y),
                                    static_cast<unsigned>(row / launch.grid.y)};
            // By the block's number, so that it is the same whichever OS thread runs it.
            w.random = (launch.seed * 0x9e3779b97f4a7c15ull ^ (block + 1) * 0xd1b54a32d192ed03ull) | 1;
            nextRandom(w);
            poison(launch);
            w.copies.clear();
            if (launch.fibers) {
                runFibers(w);
            } else {
                launch.kernel->all(launch.arguments, static_cast<unsigned>(threads), nextRandom(w) & 1);
            }
        }
    } else if (!job.failed.exchange(true)) {
        job.outcome = w.outcome;
    }
    running[slot] = 0;
}

// One more OS thread, which takes blocks of large grids too.
struct Helper {
    std::mutex mutex;
    std::condition_variable changed;
    Job *offered = nullptr;
    bool busy = false;

    void offer(Job &job) {
        static bool started = false;
        std::lock_guard<std::mutex> lock(mutex);
        if (!started) {
            started = true;
            sigset_t all, old;
            sigfillset(&all);
            for (int fault : FAULTS) sigdelset(&all, fault);
            pthread_sigmask(SIG_SETMASK, &all, &old); // the process's signals are for its own threads
            pthread_t thread;
            pthread_create(&thread, nullptr, main, this);
            pthread_detach(thread);
            pthread_sigmask(SIG_SETMASK, &old, nullptr);
        }
        offered = &job;
        changed.notify_all();
    }

    // Takes the offer back if nobody came, else waits for the helper's last block.
    void join() {
        std::unique_lock<std::mutex> lock(mutex);
        offered = nullptr;
        while (busy) changed.wait(lock);
    }

    static void *main(void *argument) {
        auto &helper = *static_cast<Helper *>(argument);
        std::unique_lock<std::mutex> lock(helper.mutex);
        for (;;) {
            while (helper.offered == nullptr) helper.changed.wait(lock);
            Job &job = *helper.offered;
            helper.offered = nullptr;
            helper.busy = true;
            lock.unlock();
            work(job, 1);
            lock.lock();
            helper.busy = false;
            helper.changed.notify_all();
        }
    }
};
Helper &helper() {
    static auto *one = new Helper(); // its thread outlives static destruction
    return *one;
}

unsigned long long gcd(unsigned long long a, unsigned long long b) { return b == 0 ? a : gcd(b, a % b); }
} // namespace

Outcome runLaunch(const Launch &launch) {
    watchFaults();
    Job job;
    job.launch = &launch;
    job.blocks = static_cast<unsigned long long>(launch.grid.x) * launch.grid.y * launch.grid.z;
    unsigned long long seed = launch.seed * 0x9e3779b97f4a7c15ull;
    job.start = seed % job.blocks;
    job.stride = job.blocks <= 2 ? 1 : 1 + (seed >> 20) % (job.blocks - 1);
    while (gcd(job.stride, job.blocks) != 1) job.stride++;
    // Worth waking somebody for: about a millisecond of work.
    unsigned long long threads = job.blocks * launch.block.x * launch.block.y * launch.block.z;
    bool shared = launch.osThreads > 1 && job.blocks >= 4 && threads >= (launch.fibers ? 8192 : 262144);
    if (shared) helper().offer(job);
    work(job, 0);
    if (shared) helper().join();
    return job.outcome;
}

const GatunKernel *registeredKernels() { return kernels; }

extern "C" {
void gatun_emulated_register(GatunKernel *kernel) {
    kernel->next = kernels;
    kernels = kernel;
}

int gatun_emulated_barrier(int kind, int predicate) {
    Worker &w = *self;
    if (!w.usesFibers) fail(w, 719, "it calls __syncthreads, but the PTX of that name has no barrier: compile it anew");
    if (w.arrived == 0) w.kind = kind, w.sum = 0;
    if (w.kind != kind) fail(w, 719, "threads of one block meet at different kinds of __syncthreads");
    w.sum += predicate;
    Fiber &me = w.fibers[w.current];
    me.state = AT_BARRIER;
    if (++w.arrived == w.threads) {
        w.barrierResult = kind == 1 ? w.sum : kind == 2 ? w.sum == w.threads : w.sum != 0;
        w.arrived = 0;
        shuffled(w, w.threads, [&](int i) {
            w.fibers[i].state = READY;
            push(w, i);
        });
    }
    resume(w, me.context);
    return w.barrierResult;
}

void gatun_emulated_warp_call(unsigned mask, void (*all)(void *const *), void *mine) {
    Worker &w = *self;
    if (!w.usesFibers) fail(w, 719, "it calls a warp-wide operation, but the PTX of that name has none: compile it anew");
    Fiber &me = w.fibers[w.current];
    int warp = w.current >> 5;
    unsigned bit = 1u << (w.current & 31);
    if (!(mask & bit)) fail(w, 719, "it calls a warp-wide operation with a mask that leaves itself out");
    me.state = IN_WARP;
    me.mask = mask;
    me.all = all;
    me.mine = mine;
    w.waiting[warp] |= bit;
    unsigned needed = mask & ~w.gone[warp];
    if ((w.waiting[warp] & needed) == needed) releaseWarp(w, warp);
    resume(w, me.context);
}

int gatun_emulated_lane() {
    const GatunEmulated &e = gatun_emulated;
    return ((e.thread.z * e.blockSize.y + e.thread.y) * e.blockSize.x + e.thread.x) & 31;
}

unsigned gatun_emulated_live_lanes() {
    Worker &w = *self;
    return w.usesFibers ? ~w.gone[w.current >> 5] : 1u << gatun_emulated_lane();
}

static AsyncCopies &copiesOfThread() {
    Worker &w = *self;
    if (!w.usesFibers) fail(w, 719, "it copies asynchronously without any barrier, which the emulator does not do");
    if (w.copies.empty()) w.copies.resize(static_cast<size_t>(w.threads));
    return w.copies[static_cast<size_t>(w.current)];
}

void gatun_emulated_async_copy(void *shared, const void *global, int bytes) {
    for (const void *address : {static_cast<const void *>(shared), global}) {
        if (reinterpret_cast<uintptr_t>(address) % 16 != 0) {
            fail(*self, 716, "cp.async of 16 bytes at an address not aligned to 16");
        }
    }
    AsyncCopies &mine = copiesOfThread();
    for (int i = 0; i < 4; i++) memcpy(static_cast<char *>(shared) + 4 * i, &POISON, 4);
    mine.pending.push_back({shared, global, bytes, mine.groups});
}

void gatun_emulated_async_commit() { copiesOfThread().groups++; }

void gatun_emulated_async_wait(int pendingGroups) {
    AsyncCopies &mine = copiesOfThread();
    size_t done = 0;
    for (; done < mine.pending.size() && mine.pending[done].group < mine.groups - pendingGroups; done++) {
        const AsyncCopy &copy = mine.pending[done];
        memset(copy.to, 0, 16);
        memcpy(copy.to, copy.from, static_cast<size_t>(copy.bytes));
    }
    mine.pending.erase(mine.pending.begin(), mine.pending.begin() + static_cast<ptrdiff_t>(done));
}

void gatun_emulated_trap(const char *why) { fail(*self, 719, why); }
}
