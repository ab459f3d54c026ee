// What a stream carries: launches, copies, fills.
#include <stdio.h>
#include <string.h>

#include "device.h"

namespace {
constexpr int H2H = 0, H2D = 1, D2H = 2, D2D = 3, DEFAULT = 4;

bool isDevice(const void *address) { return regionOf(address) == Region::DEVICE; }

// One row's worth of an address: device memory where `device` says so, within its allocation; else any host memory.
bool side(const void *address, size_t pitch, size_t width, size_t height, bool device) {
    if (address == nullptr) return false;
    size_t left, bytes = pitch * (height - 1) + width;
    Region region = regionOf(address, &left);
    if (device) return region != Region::NONE && left >= bytes;
    return region == Region::NONE || (region == Region::PINNED && left >= bytes);
}

int copy(Stream *stream, void *to, size_t toPitch, const void *from, size_t fromPitch, size_t width, size_t height, int kind) {
    if (width == 0 || height == 0) return SUCCESS;
    if (kind < H2H || kind > DEFAULT) return 21;
    if (toPitch < width || fromPitch < width) return 12;
    bool toDevice = kind == DEFAULT ? isDevice(to) : kind == H2D || kind == D2D;
    bool fromDevice = kind == DEFAULT ? isDevice(from) : kind == D2H || kind == D2D;
    Node node;
    node.work = Work::COPY;
    node.to = to, node.toPitch = toPitch, node.from = from, node.fromPitch = fromPitch;
    node.width = width, node.height = height;
    if (!side(to, toPitch, width, height, toDevice) || !side(from, fromPitch, width, height, fromDevice)) {
        complain("refused, for a side is not where the direction " + std::to_string(kind) + " says or too short: " + describe(node));
        return INVALID_VALUE;
    }
    bool pageableSource = regionOf(from) == Region::NONE, pageableTarget = regionOf(to) == Region::NONE;
    if (!stream->capture && pageableSource) {
        // As CUDA stages it: these bytes, whatever the caller does to them afterwards.
        node.staged = std::make_shared<std::vector<char>>(width * height);
        for (size_t row = 0; row < height; row++) {
            memcpy(node.staged->data() + row * width, static_cast<const char *>(from) + row * fromPitch, width);
        }
    }
    if (int code = submit(stream, std::move(node))) return code;
    if (!stream->capture && pageableTarget) settle(stream); // such a copy comes back when it is done
    return SUCCESS;
}

int fill(Stream *stream, void *at, int value, size_t bytes) {
    if (bytes == 0) return SUCCESS;
    Node node;
    node.work = Work::FILL;
    node.to = at, node.value = value, node.width = bytes;
    if (!side(at, bytes, bytes, 1, true)) {
        complain("refused, for it is not within device memory: " + describe(node));
        return INVALID_VALUE;
    }
    return submit(stream, std::move(node));
}

int launch(LoadedKernel *kernel, dim3 grid, dim3 block, void **arguments, size_t shared, void *handle) {
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return INVALID_HANDLE;
    if (!isKernel(kernel)) return INVALID_FUNCTION;
    if (!kernel->loaded) {
        complain(kernel->ptx.name + " is launched after its library was unloaded");
        return INVALID_HANDLE;
    }
    if (stream != streamOf(nullptr) && stream->device != currentDevice()) {
        complain(kernel->ptx.name + " is launched into a stream of a device that is not the thread's current one");
        return INVALID_HANDLE;
    }
    if (int code = load(kernel)) return code;
    unsigned long long threads = static_cast<unsigned long long>(block.x) * block.y * block.z;
    bool emptyOrLarge = threads == 0 || threads > 1024 || block.x > 1024 || block.y > 1024 || block.z > 64 || grid.x == 0 ||
                        grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535;
    if (emptyOrLarge || threads > static_cast<unsigned long long>(kernel->ptx.mostThreads)) {
        char text[256];
        snprintf(text, sizeof text, "%s cannot be launched with a grid of %u x %u x %u and blocks of %u x %u x %u threads",
                 kernel->ptx.name.c_str(), grid.x, grid.y, grid.z, block.x, block.y, block.z);
        complain(text);
        return emptyOrLarge ? INVALID_CONFIGURATION : OUT_OF_RESOURCES;
    }
    if (shared > 0) {
        complain(kernel->ptx.name + " is launched with dynamic shared memory, which the emulator does not have");
        return INVALID_VALUE;
    }
    Node node;
    node.work = Work::KERNEL;
    node.kernel = kernel, node.grid = grid, node.block = block;
    for (int i = 0; i < kernel->code->count; i++) {
        if (arguments == nullptr || arguments[i] == nullptr) return INVALID_VALUE;
        size_t at = node.arguments.size(), size = static_cast<size_t>(kernel->code->parameters[i].size);
        node.arguments.resize(at + ((size + 15) & ~static_cast<size_t>(15)));
        memcpy(node.arguments.data() + at, arguments[i], size);
    }
    return submit(stream, std::move(node));
}
} // namespace

API int cudaLaunchKernel(LoadedKernel *kernel, dim3 grid, dim3 block, void **arguments, size_t shared, void *stream) {
    Call call("cudaLaunchKernel");
    return call.error ? call.error : call.done(launch(kernel, grid, block, arguments, shared, stream));
}

struct LaunchConfig {
    dim3 grid, block;
    size_t shared;
    void *stream;
    void *attributes;
    unsigned count;
};
API int cudaLaunchKernelExC(const LaunchConfig *config, LoadedKernel *kernel, void **arguments) {
    Call call("cudaLaunchKernelExC");
    if (call.error) return call.error;
    if (config == nullptr) return call.done(INVALID_VALUE);
    return call.done(launch(kernel, config->grid, config->block, arguments, config->shared, config->stream));
}

API int cudaLaunchCooperativeKernel(LoadedKernel *, dim3, dim3, void **, size_t, void *) {
    Call call("cudaLaunchCooperativeKernel");
    return call.error ? call.error : call.done(NOT_SUPPORTED);
}

API int cudaMemcpy(void *to, const void *from, size_t bytes, int kind) {
    Call call("cudaMemcpy", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    Stream *legacy = streamOf(nullptr);
    if (int code = copy(legacy, to, bytes, from, bytes, bytes, 1, kind)) return call.done(code);
    settle(legacy);
    return call.done(stickyError());
}

API int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *handle) {
    Call call("cudaMemcpyAsync");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    return call.done(copy(stream, to, bytes, from, bytes, bytes, 1, kind));
}

API int cudaMemcpy2DAsync(void *to, size_t toPitch, const void *from, size_t fromPitch, size_t width, size_t height,
                          int kind, void *handle) {
    Call call("cudaMemcpy2DAsync");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    return call.done(copy(stream, to, toPitch, from, fromPitch, width, height, kind));
}

API int cudaMemset(void *at, int value, size_t bytes) {
    Call call("cudaMemset", Needs::NO_CAPTURE);
    return call.error ? call.error : call.done(fill(streamOf(nullptr), at, value, bytes));
}

API int cudaMemsetAsync(void *at, int value, size_t bytes, void *handle) {
    Call call("cudaMemsetAsync");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    return call.done(fill(stream, at, value, bytes));
}

// ---- allocation -------------------------------------------------------------------------------------------------------
API int cudaMalloc(void **out, size_t size) {
    Call call("cudaMalloc", Needs::NO_CAPTURE);
    return call.error ? call.error : call.done(allocate(out, size, Region::DEVICE));
}

API int cudaFree(void *address) {
    Call call("cudaFree", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    settleAll(); // freeing waits for the device
    if (stickyError()) return call.done(stickyError());
    return call.done(release(address, Region::DEVICE));
}

API int cudaMallocAsync(void **out, size_t size, void *handle) {
    Call call("cudaMallocAsync");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    if (stream->capture) return call.done(NOT_SUPPORTED);
    return call.done(allocate(out, size, Region::DEVICE));
}

API int cudaFreeAsync(void *address, void *handle) {
    Call call("cudaFreeAsync");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr) return call.done(INVALID_HANDLE);
    if (stream->capture) return call.done(NOT_SUPPORTED);
    if (address == nullptr) return SUCCESS;
    if (!isDevice(address)) return call.done(INVALID_VALUE);
    Node node;
    node.work = Work::RELEASE;
    node.to = address;
    return call.done(submit(stream, std::move(node)));
}

API int cudaHostAlloc(void **out, size_t size, unsigned flags) {
    Call call("cudaHostAlloc", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    return call.done(flags > 7 ? INVALID_VALUE : allocate(out, size, Region::PINNED));
}

API int cudaMallocHost(void **out, size_t size) {
    Call call("cudaMallocHost", Needs::NO_CAPTURE);
    return call.error ? call.error : call.done(allocate(out, size, Region::PINNED));
}

API int cudaFreeHost(void *address) {
    Call call("cudaFreeHost", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    settleAll();
    if (stickyError()) return call.done(stickyError());
    return call.done(release(address, Region::PINNED));
}

API int cudaHostRegister(void *address, size_t size, unsigned) {
    Call call("cudaHostRegister", Needs::NO_CAPTURE);
    return call.error ? call.error : call.done(registerHost(address, size));
}

API int cudaHostUnregister(void *address) {
    Call call("cudaHostUnregister", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    settleAll();
    return call.done(unregisterHost(address));
}

API int cudaHostGetDevicePointer(void **out, void *host, unsigned) {
    Call call("cudaHostGetDevicePointer");
    if (call.error) return call.error;
    if (regionOf(host) != Region::PINNED) return call.done(INVALID_VALUE);
    *out = host;
    return SUCCESS;
}

API int cudaMemGetInfo(size_t *left, size_t *total) {
    Call call("cudaMemGetInfo");
    if (call.error) return call.error;
    *total = totalBytes();
    *left = usedBytes() > *total ? 0 : *total - usedBytes();
    return SUCCESS;
}

struct PointerAttributes {
    int type, device;
    void *devicePointer, *hostPointer;
};
API int cudaPointerGetAttributes(PointerAttributes *attributes, const void *address) {
    Call call("cudaPointerGetAttributes");
    if (call.error) return call.error;
    if (attributes == nullptr) return call.done(INVALID_VALUE);
    Region region = regionOf(address);
    void *at = const_cast<void *>(address);
    *attributes = {region == Region::DEVICE ? 2 : region == Region::PINNED ? 1 : 0, region == Region::NONE ? -2 : 0,
                   region == Region::NONE ? nullptr : at, region == Region::DEVICE ? nullptr : at};
    return SUCCESS;
}
