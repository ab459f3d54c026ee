// Streams and events. GATUN_EMULATION_ASYNC=1: work waits in its stream until somebody synchronises, or chance runs it
// earlier, so that a forgotten synchronisation reads old data. Else it runs at once. Either way a kernel's fault is
// reported by the next call, never by the launch itself.
#include <stdio.h>
#include <string.h>

#include "device.h"

namespace {
struct State {
    Stream legacy;
    std::set<Stream *> streams;
    std::set<Event *> events;
    unsigned long long captures = 0, random = 88172645463325252ull, launches = 0;
};
State &state() {
    static auto *one = new State();
    return *one;
}

unsigned chance(unsigned below) {
    unsigned long long &r = state().random;
    r ^= r << 13, r ^= r >> 7, r ^= r << 17;
    return static_cast<unsigned>(r >> 32) % below;
}

void runKernel(const Node &node) {
    Launch launch;
    launch.kernel = node.kernel->code;
    launch.grid = node.grid;
    launch.block = node.block;
    launch.fibers = node.kernel->ptx.fibers;
    launch.shared = node.kernel->shared;
    launch.seed = static_cast<unsigned long long>(number("SEED", 1)) * 1000003 + state().launches++;
    launch.osThreads = static_cast<int>(number("THREADS", 2));
    std::vector<void *> arguments;
    char *at = const_cast<char *>(node.arguments.data());
    for (int i = 0; i < launch.kernel->count; i++) {
        const GatunParameter &parameter = launch.kernel->parameters[i];
        arguments.push_back(at);
        void *pointer = nullptr;
        if (parameter.pointer) memcpy(&pointer, at, sizeof pointer);
        if (pointer != nullptr && regionOf(pointer) == Region::NONE) {
            char text[200];
            snprintf(text, sizeof text, "%s, argument %d: %p is neither device nor pinned memory, or was freed",
                     launch.kernel->name, i, pointer);
            die(ILLEGAL_ADDRESS, text);
            return;
        }
        at += (parameter.size + 15) & ~15;
    }
    launch.arguments = arguments.data();
    countLaunch(launch.kernel->name);
    Outcome outcome = runLaunch(launch);
    if (outcome.code != 0) die(outcome.code, outcome.message);
}

bool inRange(const void *address, size_t bytes) {
    size_t left;
    return regionOf(address, &left) == Region::NONE || bytes <= left;
}

void execute(Stream *stream, Node &node) {
    if (node.work == Work::MARK) {
        node.mark->done = true;
        node.mark->when = now();
        return;
    }
    if (stickyError()) return;
    switch (node.work) {
        case Work::KERNEL:
            runKernel(node);
            return;
        case Work::COPY: {
            const char *from = node.staged ? node.staged->data() : static_cast<const char *>(node.from);
            size_t fromPitch = node.staged ? node.width : node.fromPitch;
            for (size_t row = 0; row < node.height; row++) {
                char *to = static_cast<char *>(node.to) + row * node.toPitch;
                const char *source = from + row * fromPitch;
                if (!inRange(to, node.width) || (!node.staged && !inRange(source, node.width))) {
                    die(ILLEGAL_ADDRESS, "a copy runs past an allocation, or into one freed since: " + describe(node));
                    return;
                }
                memmove(to, source, node.width);
            }
            return;
        }
        case Work::FILL:
            if (regionOf(node.to) == Region::NONE || !inRange(node.to, node.width)) {
                die(ILLEGAL_ADDRESS, "a fill of memory that was freed: " + describe(node));
                return;
            }
            memset(node.to, node.value, node.width);
            return;
        case Work::CALL:
            node.function(node.to);
            return;
        case Work::VENDOR:
            countLaunch(node.name);
            if (int code = node.vendor(node.arguments.data())) die(code, node.name);
            return;
        case Work::WAIT:
            while (!node.mark->done && progress(node.mark->stream)) {}
            return;
        case Work::GRAPH:
            for (Node &part : *node.graph) execute(stream, part);
            return;
        case Work::RELEASE:
            if (int code = release(node.to, Region::DEVICE)) die(code == INVALID_VALUE ? ILLEGAL_ADDRESS : code, describe(node));
            return;
        case Work::MARK:
            return;
    }
}

Stream *newStream(bool blocking, int priority) {
    auto *stream = new Stream();
    stream->blocking = blocking;
    stream->priority = priority;
    state().streams.insert(stream);
    return stream;
}
} // namespace

std::string describe(const Node &node) {
    char text[160];
    switch (node.work) {
        case Work::KERNEL:
            return node.kernel->ptx.name;
        case Work::COPY:
            snprintf(text, sizeof text, "copy of %zu x %zu bytes, %p to %p", node.height, node.width, node.from, node.to);
            return text;
        case Work::FILL:
            snprintf(text, sizeof text, "fill of %zu bytes at %p", node.width, node.to);
            return text;
        case Work::RELEASE:
            snprintf(text, sizeof text, "free of %p in a stream", node.to);
            return text;
        case Work::CALL:
            return "a call of a host function";
        case Work::VENDOR:
            return node.name;
        case Work::GRAPH:
            return "a graph of " + std::to_string(node.graph->size()) + " nodes";
        default:
            return "an event";
    }
}

Stream *streamOf(void *handle) {
    auto value = reinterpret_cast<size_t>(handle);
    if (value <= 2) return &state().legacy;
    auto *stream = static_cast<Stream *>(handle);
    return state().streams.count(stream) ? stream : nullptr;
}

bool progress(Stream *stream) {
    if (stream->queue.empty()) return false;
    Node node = std::move(stream->queue.front());
    stream->queue.pop_front();
    execute(stream, node);
    return true;
}

void settle(Stream *stream) {
    while (progress(stream)) {}
}

void settleBlocking() {
    for (Stream *stream : state().streams) {
        if (stream->blocking) settle(stream);
    }
}

void settleAll() {
    settle(&state().legacy);
    for (Stream *stream : state().streams) settle(stream);
}

int submit(Stream *stream, Node node) {
    if (stream->capture) {
        if (stream->capture->invalid) return CAPTURE_INVALIDATED;
        if (stream->capture->origin != stream) stream->capture->open.insert(stream);
        stream->capture->nodes->push_back(std::move(node));
        return SUCCESS;
    }
    bool isLegacy = stream == &state().legacy;
    if (isLegacy) {
        for (Stream *other : state().streams) {
            if (other->blocking && other->capture && !other->capture->invalid) {
                other->capture->invalid = true;
                complain("work in the legacy stream waits for a stream that captures: the capture is void");
                return CAPTURE_IMPLICIT;
            }
        }
        settleBlocking();
    } else if (stream->blocking) {
        settle(&state().legacy);
    }
    stream->queue.push_back(std::move(node));
    if (number("ASYNC", 0) == 0) {
        settle(stream);
    } else if (chance(8) == 0) {
        auto &streams = state().streams;
        auto lucky = streams.begin();
        std::advance(lucky, streams.empty() ? 0 : chance(static_cast<unsigned>(streams.size())));
        for (unsigned i = chance(4); i > 0 && lucky != streams.end(); i--) progress(*lucky);
    }
    return SUCCESS;
}

size_t liveStreamObjects() { return state().streams.size() + state().events.size(); }

bool invalidateCaptures(bool unsafeCall) {
    bool any = false;
    for (Stream *stream : state().streams) {
        if (!stream->capture) continue;
        if (!unsafeCall) {
            stream->capture = nullptr;
            continue;
        }
        if (stream->capture->mode == 2 || (stream->capture->mode == 1 && stream->capture->thread != threadId())) continue;
        stream->capture->invalid = true;
        any = true;
    }
    return any;
}

void forgetStreams() {
    for (Stream *stream : state().streams) delete stream;
    for (Event *event : state().events) delete event;
    state().streams.clear();
    state().events.clear();
    state().legacy = Stream();
}

// ---- streams --------------------------------------------------------------------------------------------------------
API int cudaStreamCreateWithPriority(Stream **out, unsigned flags, int priority) {
    Call call("cudaStreamCreateWithPriority");
    if (call.error) return call.error;
    if (out == nullptr || flags > 1) return call.done(INVALID_VALUE);
    *out = newStream(flags == 0, priority);
    return SUCCESS;
}

API int cudaStreamCreateWithFlags(Stream **out, unsigned flags) {
    Call call("cudaStreamCreateWithFlags");
    if (call.error) return call.error;
    if (out == nullptr || flags > 1) return call.done(INVALID_VALUE);
    *out = newStream(flags == 0, 0);
    return SUCCESS;
}

API int cudaStreamCreate(Stream **out) {
    Call call("cudaStreamCreate");
    if (call.error) return call.error;
    if (out == nullptr) return call.done(INVALID_VALUE);
    *out = newStream(true, 0);
    return SUCCESS;
}

API int cudaStreamDestroy(void *handle) {
    Call call("cudaStreamDestroy");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr || stream == &state().legacy) return call.done(INVALID_HANDLE);
    settle(stream);
    if (stream->capture) stream->capture->invalid = true;
    state().streams.erase(stream);
    delete stream;
    return SUCCESS;
}

API int cudaStreamSynchronize(void *handle) {
    Call call("cudaStreamSynchronize", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    if (stream == &state().legacy) settleBlocking();
    settle(stream);
    return call.done(stickyError());
}

API int cudaStreamQuery(void *handle) {
    Call call("cudaStreamQuery", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    if (progress(stream)) return NOT_READY;
    return call.done(stickyError());
}

API int cudaDeviceSynchronize() {
    Call call("cudaDeviceSynchronize", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    settleAll();
    return call.done(stickyError());
}

API int cudaStreamWaitEvent(void *handle, Event *event, unsigned) {
    Call call("cudaStreamWaitEvent");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr || state().events.count(event) == 0) return call.done(INVALID_HANDLE);
    if (event->captured) {
        std::shared_ptr<Capture> capture = event->capture.lock();
        if (!capture) return call.done(CAPTURED_EVENT);
        if (stream->capture && stream->capture != capture) {
            stream->capture->invalid = capture->invalid = true;
            return call.done(CAPTURE_MERGE);
        }
        capture->open.erase(event->stream);
        if (!stream->capture) {
            stream->capture = capture;
            capture->joined.insert(stream);
        }
        if (stream != capture->origin) capture->open.insert(stream);
        return SUCCESS;
    }
    if (stream->capture) {
        stream->capture->invalid = true;
        return call.done(CAPTURE_ISOLATION);
    }
    if (!event->mark) return SUCCESS; // an event never recorded is complete
    Node node;
    node.work = Work::WAIT;
    node.mark = event->mark;
    return call.done(submit(stream, std::move(node)));
}

API int cudaLaunchHostFunc(void *handle, void (*function)(void *), void *data) {
    Call call("cudaLaunchHostFunc");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    Node node;
    node.work = Work::CALL;
    node.function = function;
    node.to = data;
    return call.done(submit(stream, std::move(node)));
}

// ---- capture --------------------------------------------------------------------------------------------------------
API int cudaStreamBeginCapture(void *handle, int mode) {
    Call call("cudaStreamBeginCapture");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    if (stream == &state().legacy) return call.done(CAPTURE_UNSUPPORTED);
    if (mode < 0 || mode > 2) return call.done(INVALID_VALUE);
    if (stream->capture) return call.done(ILLEGAL_STATE);
    auto capture = std::make_shared<Capture>();
    capture->mode = mode;
    capture->thread = threadId();
    capture->id = ++state().captures;
    capture->origin = stream;
    capture->nodes = std::make_shared<std::vector<Node>>();
    stream->capture = capture;
    return SUCCESS;
}

API int cudaStreamEndCapture(void *handle, void **graph) {
    Call call("cudaStreamEndCapture");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    if (graph == nullptr) return call.done(INVALID_VALUE);
    *graph = nullptr;
    std::shared_ptr<Capture> capture = stream->capture;
    if (!capture) return call.done(ILLEGAL_STATE);
    if (capture->origin != stream) return call.done(903);
    if (capture->mode != 2 && capture->thread != threadId()) return call.done(CAPTURE_WRONG_THREAD);
    stream->capture = nullptr;
    for (Stream *other : capture->joined) {
        if (state().streams.count(other)) other->capture = nullptr;
    }
    if (capture->invalid) return call.done(CAPTURE_INVALIDATED);
    if (!capture->open.empty()) return call.done(CAPTURE_UNJOINED);
    *graph = newGraph(capture->nodes);
    return SUCCESS;
}

API int cudaStreamIsCapturing(void *handle, int *status) {
    Call call("cudaStreamIsCapturing");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    *status = !stream->capture ? 0 : stream->capture->invalid ? 2 : 1;
    return SUCCESS;
}

API int cudaStreamGetCaptureInfo(void *handle, int *status, unsigned long long *id, void **graph, void **dependencies,
                                 void **edges, size_t *count) {
    Call call("cudaStreamGetCaptureInfo");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    *status = !stream->capture ? 0 : stream->capture->invalid ? 2 : 1;
    if (id && stream->capture) *id = stream->capture->id;
    if (graph) *graph = nullptr;
    if (dependencies) *dependencies = nullptr;
    if (edges) *edges = nullptr;
    if (count) *count = 0;
    return SUCCESS;
}

// ---- events ---------------------------------------------------------------------------------------------------------
static int newEvent(Event **out, unsigned flags) {
    if (out == nullptr || flags > 7) return INVALID_VALUE;
    auto *event = new Event();
    event->timed = (flags & 2) == 0;
    event->sleeps = (flags & 1) != 0;
    state().events.insert(event);
    *out = event;
    return SUCCESS;
}

API int cudaEventCreateWithFlags(Event **out, unsigned flags) {
    Call call("cudaEventCreateWithFlags");
    return call.error ? call.error : call.done(newEvent(out, flags));
}

API int cudaEventCreate(Event **out) {
    Call call("cudaEventCreate");
    return call.error ? call.error : call.done(newEvent(out, 0));
}

API int cudaEventDestroy(Event *event) {
    Call call("cudaEventDestroy");
    if (call.error) return call.error;
    if (state().events.erase(event) == 0) return call.done(INVALID_HANDLE);
    delete event;
    return SUCCESS;
}

API int cudaEventRecordWithFlags(Event *event, void *handle, unsigned flags) {
    Call call("cudaEventRecordWithFlags");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr || state().events.count(event) == 0) return call.done(INVALID_HANDLE);
    if (stream != &state().legacy && event->device != stream->device) {
        complain("an event is recorded in a stream of another device than its own");
        return call.done(INVALID_HANDLE);
    }
    event->stream = stream;
    if (stream->capture && flags == 0) {
        event->captured = true;
        event->capture = stream->capture;
        event->mark = nullptr;
        return call.done(stream->capture->invalid ? CAPTURE_INVALIDATED : SUCCESS);
    }
    event->captured = false;
    event->mark = std::make_shared<Mark>();
    event->mark->stream = stream;
    Node node;
    node.work = Work::MARK;
    node.mark = event->mark;
    return call.done(submit(stream, std::move(node)));
}

API int cudaEventRecord(Event *event, void *handle) {
    {
        Call call("cudaEventRecord");
        if (call.error) return call.error;
    }
    return cudaEventRecordWithFlags(event, handle, 0);
}

API int cudaEventQuery(Event *event) {
    Call call("cudaEventQuery", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    if (state().events.count(event) == 0) return call.done(INVALID_HANDLE);
    if (event->captured) return call.done(CAPTURED_EVENT);
    if (!event->mark || event->mark->done) return call.done(stickyError());
    progress(event->mark->stream);
    return NOT_READY;
}

API int cudaEventSynchronize(Event *event) {
    Call call("cudaEventSynchronize", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    if (state().events.count(event) == 0) return call.done(INVALID_HANDLE);
    if (event->captured) return call.done(CAPTURED_EVENT);
    if (event->mark && !event->mark->done && !event->sleeps) counted("a wait that spins");
    while (event->mark && !event->mark->done && progress(event->mark->stream)) {}
    return call.done(stickyError());
}

API int cudaEventElapsedTime(float *milliseconds, Event *start, Event *end) {
    Call call("cudaEventElapsedTime");
    if (call.error) return call.error;
    for (Event *event : {start, end}) {
        if (state().events.count(event) == 0 || !event->timed) return call.done(INVALID_HANDLE);
        if (event->captured) return call.done(CAPTURED_EVENT);
        if (!event->mark) return call.done(INVALID_HANDLE);
        if (!event->mark->done) return NOT_READY;
    }
    *milliseconds = static_cast<float>((end->mark->when - start->mark->when) * 1e3);
    return SUCCESS;
}
