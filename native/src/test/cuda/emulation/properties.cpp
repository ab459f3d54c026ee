// Versions, attributes, names of errors, memory pools, occupancy: the calls without state.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

namespace {
struct ErrorName {
    int code;
    const char *name, *text;
};
const ErrorName ERRORS[] = {
    {0, "cudaSuccess", "no error"},
    {1, "cudaErrorInvalidValue", "invalid argument"},
    {2, "cudaErrorMemoryAllocation", "out of memory"},
    {3, "cudaErrorInitializationError", "initialization error"},
    {9, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {12, "cudaErrorInvalidPitchValue", "invalid pitch argument"},
    {21, "cudaErrorInvalidMemcpyDirection", "invalid copy direction for memcpy"},
    {35, "cudaErrorInsufficientDriver", "CUDA driver version is insufficient for CUDA runtime version"},
    {46, "cudaErrorDevicesUnavailable", "CUDA-capable device(s) is/are busy or unavailable"},
    {98, "cudaErrorInvalidDeviceFunction", "invalid device function"},
    {100, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {101, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {200, "cudaErrorInvalidKernelImage", "device kernel image is invalid"},
    {209, "cudaErrorNoKernelImageForDevice", "no kernel image is available for execution on the device"},
    {214, "cudaErrorECCUncorrectable", "uncorrectable ECC error encountered"},
    {218, "cudaErrorInvalidPtx", "a PTX JIT compilation failed"},
    {221, "cudaErrorJitCompilerNotFound", "PTX JIT compiler library not found"},
    {222, "cudaErrorUnsupportedPtxVersion", "the provided PTX was compiled with an unsupported toolchain."},
    {304, "cudaErrorOperatingSystem", "OS call failed or operation not supported on this OS"},
    {400, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {401, "cudaErrorIllegalState", "the operation cannot be performed in the present state"},
    {500, "cudaErrorSymbolNotFound", "named symbol not found"},
    {600, "cudaErrorNotReady", "device not ready"},
    {700, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
    {701, "cudaErrorLaunchOutOfResources", "too many resources requested for launch"},
    {702, "cudaErrorLaunchTimeout", "the launch timed out and was terminated"},
    {710, "cudaErrorAssert", "device-side assert triggered"},
    {712, "cudaErrorHostMemoryAlreadyRegistered", "part or all of the requested memory range is already mapped"},
    {713, "cudaErrorHostMemoryNotRegistered", "pointer does not correspond to a registered memory region"},
    {715, "cudaErrorIllegalInstruction", "an illegal instruction was encountered"},
    {716, "cudaErrorMisalignedAddress", "misaligned address"},
    {719, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {801, "cudaErrorNotSupported", "operation not supported"},
    {802, "cudaErrorSystemNotReady", "system not yet initialized"},
    {900, "cudaErrorStreamCaptureUnsupported", "operation not permitted when stream is capturing"},
    {901, "cudaErrorStreamCaptureInvalidated", "operation failed due to a previous error during capture"},
    {902, "cudaErrorStreamCaptureMerge", "operation would result in a merge of separate capture sequences"},
    {903, "cudaErrorStreamCaptureUnmatched", "capture was not ended in the same stream as it began"},
    {904, "cudaErrorStreamCaptureUnjoined", "capturing stream has unjoined work"},
    {905, "cudaErrorStreamCaptureIsolation", "dependency created on uncaptured work in another stream"},
    {906, "cudaErrorStreamCaptureImplicit", "operation would make the legacy stream depend on a capturing blocking stream"},
    {907, "cudaErrorCapturedEvent", "operation not permitted on an event last recorded in a capturing stream"},
    {908, "cudaErrorStreamCaptureWrongThread", "attempt to terminate a thread-local capture sequence from another thread"},
    {910, "cudaErrorGraphExecUpdateFailure", "the graph update was not performed because it included changes which violated constraints"},
    {999, "cudaErrorUnknown", "unknown error"},
};

int capability() { // 90 for "9.0"
    std::string text = setting("CAPABILITY", "9.0");
    return atoi(text.c_str()) * 10 + (text.find('.') == std::string::npos ? 0 : atoi(text.c_str() + text.find('.') + 1));
}

int attribute(int which) {
    switch (which) {
        case 1: case 2: case 3: return 1024;
        case 4: return 64;
        case 5: return 0x7fffffff;
        case 6: case 7: return 65535;
        case 8: return 48 * 1024;
        case 9: return 64 * 1024;
        case 10: return 32;
        case 11: return 0x7fffffff;
        case 12: case 82: return 65536;
        case 13: return 1980000;       // kHz
        case 14: return 512;
        case 15: case 19: case 31: case 41: case 78: case 79: case 80: case 83: case 85: case 90: case 95: case 99: case 115: return 1;
        case 16: return static_cast<int>(number("MULTIPROCESSORS", 132));
        case 33: return 1;
        case 36: return 2619000;       // kHz
        case 37: return 5120;          // bits
        case 38: return 50 << 20;
        case 39: return 2048;
        case 40: return 3;
        case 75: return capability() / 10;
        case 76: return capability() % 10;
        case 81: return 228 * 1024;
        case 87: return 2;
        case 97: return 227 * 1024;
        case 106: return 32;
        case 111: return 1024;
        case 120: return capability() >= 90;
        default: return 0;
    }
}

struct Pool {
    unsigned long long values[9] = {};
};
Pool thePool;
} // namespace

API const char *cudaGetErrorName(int code) {
    Call call("cudaGetErrorName", Needs::NOTHING);
    for (const ErrorName &error : ERRORS) {
        if (error.code == code) return error.name;
    }
    return "unrecognized error code";
}

API const char *cudaGetErrorString(int code) {
    Call call("cudaGetErrorString", Needs::NOTHING);
    for (const ErrorName &error : ERRORS) {
        if (error.code == code) return error.text;
    }
    return "unrecognized error code";
}

API int cudaRuntimeGetVersion(int *version) {
    Call call("cudaRuntimeGetVersion", Needs::NOTHING);
    if (call.error) return call.error;
    *version = static_cast<int>(number("RUNTIME", 13000));
    return SUCCESS;
}

API int cudaDriverGetVersion(int *version) {
    Call call("cudaDriverGetVersion", Needs::NOTHING);
    if (call.error) return call.error;
    std::string driver = setting("DRIVER", "");
    *version = driver == "none" ? 0 : driver == "old" ? 12020 : 13000;
    return SUCCESS;
}

API int cudaGetDeviceCount(int *count) {
    *count = 0;
    Call call("cudaGetDeviceCount", Needs::DRIVER);
    if (call.error) return call.error;
    if (setting("DRIVER", "") == "nodevice") return call.done(NO_DEVICE);
    *count = static_cast<int>(number("DEVICES", 1));
    return SUCCESS;
}

static bool isDeviceNumber(int device) { return device >= 0 && device < number("DEVICES", 1); }

static __thread int current;

int currentDevice() { return current; }

// Says nothing of a fault: CUDA only may.
API int cudaSetDevice(int device) {
    Call call("cudaSetDevice", Needs::DRIVER);
    if (call.error) return call.error;
    if (setting("DRIVER", "") == "nodevice") return call.done(NO_DEVICE);
    if (!isDeviceNumber(device)) return call.done(INVALID_DEVICE);
    current = device;
    return SUCCESS;
}

API int cudaInitDevice(int device, unsigned, unsigned) {
    Call call("cudaInitDevice");
    return call.error ? call.error : call.done(isDeviceNumber(device) ? SUCCESS : INVALID_DEVICE);
}

API int cudaSetDeviceFlags(unsigned) {
    Call call("cudaSetDeviceFlags");
    return call.error;
}

API int cudaGetDevice(int *device) {
    Call call("cudaGetDevice");
    if (call.error) return call.error;
    *device = current;
    return SUCCESS;
}

API int cudaDeviceGetAttribute(int *value, int which, int device) {
    Call call("cudaDeviceGetAttribute");
    if (call.error) return call.error;
    if (!isDeviceNumber(device)) return call.done(INVALID_DEVICE);
    if (value == nullptr || which < 1) return call.done(INVALID_VALUE);
    *value = attribute(which);
    return SUCCESS;
}

// The name and the memory; the rest of the structure of CUDA 13 is left as it was.
API int cudaGetDeviceProperties(char *properties, int device) {
    Call call("cudaGetDeviceProperties");
    if (call.error) return call.error;
    if (!isDeviceNumber(device)) return call.done(INVALID_DEVICE);
    memset(properties, 0, 256);
    strcpy(properties, "Gatun emulated device");
    size_t total = totalBytes();
    memcpy(properties + 288, &total, sizeof total);
    return SUCCESS;
}

API int cudaDeviceGetPCIBusId(char *id, int length, int device) {
    Call call("cudaDeviceGetPCIBusId");
    if (call.error) return call.error;
    if (!isDeviceNumber(device)) return call.done(INVALID_DEVICE);
    snprintf(id, static_cast<size_t>(length), "0000:%02x:00.0", device + 1);
    return SUCCESS;
}

API int cudaDeviceGetStreamPriorityRange(int *least, int *greatest) {
    Call call("cudaDeviceGetStreamPriorityRange");
    if (call.error) return call.error;
    if (least) *least = 0;
    if (greatest) *greatest = -5;
    return SUCCESS;
}

API int cudaDeviceReset() {
    Call call("cudaDeviceReset", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    forgetStreams();
    forgetGraphs();
    forgetMemory();
    return SUCCESS;
}

// ---- memory pools: one, without effect ------------------------------------------------------------------------------
API int cudaDeviceGetDefaultMemPool(Pool **pool, int device) {
    Call call("cudaDeviceGetDefaultMemPool");
    if (call.error) return call.error;
    if (!isDeviceNumber(device)) return call.done(INVALID_DEVICE);
    *pool = &thePool;
    return SUCCESS;
}
API int cudaDeviceGetMemPool(Pool **pool, int device) { return cudaDeviceGetDefaultMemPool(pool, device); }
API int cudaDeviceSetMemPool(int, Pool *) {
    Call call("cudaDeviceSetMemPool");
    return call.error;
}
API int cudaMemPoolTrimTo(Pool *, size_t) {
    Call call("cudaMemPoolTrimTo");
    return call.error;
}
API int cudaMemPoolSetAttribute(Pool *pool, int which, void *value) {
    Call call("cudaMemPoolSetAttribute");
    if (call.error) return call.error;
    if (which < 1 || which > 8) return call.done(INVALID_VALUE);
    memcpy(&pool->values[which], value, which <= 3 ? 4 : 8);
    return SUCCESS;
}
API int cudaMemPoolGetAttribute(Pool *pool, int which, void *value) {
    Call call("cudaMemPoolGetAttribute");
    if (call.error) return call.error;
    if (which < 1 || which > 8) return call.done(INVALID_VALUE);
    pool->values[5] = pool->values[7] = usedBytes();
    memcpy(value, &pool->values[which], which <= 3 ? 4 : 8);
    return SUCCESS;
}
#define UNSUPPORTED(NAME, ...)                                                                                         \
    API int NAME(__VA_ARGS__) {                                                                                        \
        Call call(#NAME);                                                                                              \
        return call.error ? call.error : call.done(NOT_SUPPORTED);                                                     \
    }
UNSUPPORTED(cudaMemPoolSetAccess, Pool *, const void *, size_t)
UNSUPPORTED(cudaMemPoolGetAccess, int *, Pool *, void *)
UNSUPPORTED(cudaMemPoolCreate, Pool **, const void *)
UNSUPPORTED(cudaMemPoolDestroy, Pool *)
UNSUPPORTED(cudaMallocFromPoolAsync, void **, size_t, Pool *, void *)
UNSUPPORTED(cudaOccupancyMaxPotentialClusterSize, int *, const void *, const void *)
UNSUPPORTED(cudaOccupancyMaxActiveClusters, int *, const void *, const void *)

API int cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, LoadedKernel *kernel, int threads, size_t shared) {
    Call call("cudaOccupancyMaxActiveBlocksPerMultiprocessor");
    if (call.error) return call.error;
    if (!isKernel(kernel)) return call.done(INVALID_FUNCTION);
    if (threads < 1 || threads > kernel->ptx.mostThreads) return call.done(INVALID_VALUE);
    size_t each = kernel->sharedBytes + shared + 1024, most = static_cast<size_t>(2048 / threads);
    if (most > 32) most = 32;
    if (most > 228 * 1024 / each) most = 228 * 1024 / each;
    *blocks = static_cast<int>(most);
    return SUCCESS;
}
API int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, LoadedKernel *kernel, int threads,
                                                               size_t shared, unsigned) {
    return cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel, threads, shared);
}
API int cudaOccupancyAvailableDynamicSMemPerBlock(size_t *bytes, LoadedKernel *kernel, int, int) {
    Call call("cudaOccupancyAvailableDynamicSMemPerBlock");
    if (call.error) return call.error;
    if (!isKernel(kernel)) return call.done(INVALID_FUNCTION);
    *bytes = 48 * 1024 - kernel->sharedBytes;
    return SUCCESS;
}
