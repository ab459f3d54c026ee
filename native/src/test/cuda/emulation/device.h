// The emulated device: its memory, streams and libraries, and what every call of the fake runtime does first and last.
#ifndef GATUN_EMULATION_DEVICE_H
#define GATUN_EMULATION_DEVICE_H
#include <stdint.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "engine.h"
#include "ptx.h"

#define API extern "C" __attribute__((visibility("default")))

enum : int {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    INVALID_CONFIGURATION = 9,
    INSUFFICIENT_DRIVER = 35,
    INVALID_FUNCTION = 98,
    NO_DEVICE = 100,
    INVALID_DEVICE = 101,
    INVALID_PTX = 218,
    NO_IMAGE_FOR_DEVICE = 209,
    INVALID_HANDLE = 400,
    ILLEGAL_STATE = 401,
    SYMBOL_NOT_FOUND = 500,
    NOT_READY = 600,
    ILLEGAL_ADDRESS = 700,
    OUT_OF_RESOURCES = 701,
    LAUNCH_FAILURE = 719,
    NOT_SUPPORTED = 801,
    CAPTURE_UNSUPPORTED = 900,
    CAPTURE_INVALIDATED = 901,
    CAPTURE_MERGE = 902,
    CAPTURE_UNJOINED = 904,
    CAPTURE_ISOLATION = 905,
    CAPTURE_IMPLICIT = 906,
    CAPTURED_EVENT = 907,
    CAPTURE_WRONG_THREAD = 908,
    GRAPH_UPDATE_FAILURE = 910,
};

// ---- settings.cpp: environment variables GATUN_EMULATION_<NAME>, and what tests set over them at run time -----------
std::string setting(const char *name, const char *otherwise);
long long number(const char *name, long long otherwise);

// ---- memory.cpp -----------------------------------------------------------------------------------------------------
enum class Region { NONE, DEVICE, PINNED };
int allocate(void **out, size_t size, Region region);
int release(void *address, Region region);
int registerHost(void *address, size_t size);
int unregisterHost(void *address);
// The region that holds `address`, and how many bytes of it follow; one past the end counts, with 0 bytes.
Region regionOf(const void *address, size_t *left = nullptr);
size_t usedBytes();
size_t pinnedBytes();
size_t totalBytes();
void checkAllCanaries();
void forgetMemory();

// ---- library.cpp ----------------------------------------------------------------------------------------------------
struct Library;
struct LoadedKernel {
    PtxEntry ptx;
    const GatunKernel *code = nullptr;
    std::vector<SharedRange> shared;
    size_t sharedBytes = 0;
    Library *library = nullptr;
    bool loaded = true;    // its library is
    bool resident = false; // on the device: from its first launch on, or since its attributes were asked for
    int mostDynamicShared = 48 * 1024;
};
bool isKernel(const void *handle);
int load(LoadedKernel *kernel); // an error where a capture forbids it
size_t liveLibraries();
void forgetLibraries();
long long launchesOf(const char *kernel);
void countLaunch(const char *kernel);

// ---- properties.cpp -------------------------------------------------------------------------------------------------
int currentDevice(); // of the calling thread

// ---- streams.cpp ----------------------------------------------------------------------------------------------------
struct Stream;
struct Mark { // a point in a stream: what an event stands for
    Stream *stream;
    bool done = false;
    double when = 0;
};
enum class Work { KERNEL, COPY, FILL, CALL, VENDOR, MARK, WAIT, GRAPH, RELEASE };
struct Node {
    Work work;
    LoadedKernel *kernel = nullptr;
    dim3 grid, block;
    std::vector<char> arguments; // as the kernel's parameters, one behind the other, each on a multiple of 16; a vendor's
    void *to = nullptr;
    const void *from = nullptr;
    size_t width = 0, height = 1, toPitch = 0, fromPitch = 0;
    std::shared_ptr<std::vector<char>> staged;
    int value = 0;
    void (*function)(void *) = nullptr;
    int (*vendor)(const void *arguments) = nullptr;
    const char *name = nullptr; // of the vendor's work
    std::shared_ptr<Mark> mark;
    std::shared_ptr<std::vector<Node>> graph;
};
struct Capture {
    int mode;
    int thread;
    unsigned long long id;
    Stream *origin;
    std::shared_ptr<std::vector<Node>> nodes;
    std::set<Stream *> joined, open; // open: took part since it was last waited for
    bool invalid = false;
};
struct Stream {
    int device = currentDevice();
    bool blocking = true; // waits for the legacy stream, and that for it
    int priority = 0;
    std::deque<Node> queue;
    std::shared_ptr<Capture> capture;
};
struct Event {
    int device = currentDevice();
    bool timed = true;
    bool sleeps = false; // who waits for it on the host does not spin
    std::shared_ptr<Mark> mark;
    std::weak_ptr<Capture> capture;
    bool captured = false;
    Stream *stream = nullptr;
};
Stream *streamOf(void *handle); // null where there is no such stream
int submit(Stream *stream, Node node);
void settle(Stream *stream);
void settleBlocking();
void settleAll();
bool progress(Stream *stream); // runs one piece of its work; false where there was none
size_t liveStreamObjects();
bool invalidateCaptures(bool unsafeCall);
void forgetStreams();
std::string describe(const Node &node);

// ---- graph.cpp ------------------------------------------------------------------------------------------------------
void *newGraph(std::shared_ptr<std::vector<Node>> nodes);
size_t liveGraphs();
void forgetGraphs();

// ---- hooks.cpp: what libraries beside the runtime have made ---------------------------------------------------------
size_t liveVendorObjects();
void forgetVendorObjects();

// ---- calls.cpp: every call of the runtime begins with a Call --------------------------------------------------------
enum class Needs { NOTHING, DRIVER, DEVICE, NO_CAPTURE };
struct Call {
    std::lock_guard<std::recursive_mutex> lock;
    int error;
    explicit Call(const char *name, Needs needs = Needs::DEVICE);
    int done(int code); // remembers an error for cudaGetLastError
};
int counted(const char *name); // counts a call; the code that a test has injected into it, else 0
void complain(const std::string &message); // on standard error, and for gatun_emulation_message
void die(int code, const std::string &message);
int stickyError();
double now();
int threadId();
#endif
