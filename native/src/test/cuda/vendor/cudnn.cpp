// The fake cuDNN's handles, versions and texts.
#include "cudnn.h"

#include <stdio.h>
#include <stdlib.h>

namespace cudnn {
Alive<Handle> &handles() {
    static auto *one = new Alive<Handle>();
    return *one;
}

static thread_local std::string latest;

int refused(int status, const std::string &why) {
    latest = why;
    return status;
}
} // namespace cudnn

using namespace cudnn;

API size_t cudnnGetVersion() { return 92400; }

API size_t cudnnGetCudartVersion() { return 13000; }

API const char *cudnnGetErrorString(int status) {
    switch (status) {
        case SUCCESS: return "CUDNN_STATUS_SUCCESS";
        case NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
        case BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
        case NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
        case MISALIGNED_POINTER: return "CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER";
        case NOT_FINALIZED: return "CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED";
        case OUT_OF_BOUND: return "CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND";
        case SIZE_INSUFFICIENT: return "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT";
        case ATTRIBUTE_TYPE: return "CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE";
        case NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
        case NOT_SUPPORTED_SHAPE: return "CUDNN_STATUS_NOT_SUPPORTED_SHAPE";
        case NOT_SUPPORTED_DATA_TYPE: return "CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE";
        case NOT_SUPPORTED_LAYOUT: return "CUDNN_STATUS_NOT_SUPPORTED_LAYOUT";
        case SUBLIBRARY_LOADING_FAILED: return "CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED";
        case COMPILATION_FAILED: return "CUDNN_STATUS_INTERNAL_ERROR_COMPILATION_FAILED";
        case INTERNAL_ERROR: return "CUDNN_STATUS_INTERNAL_ERROR";
        case EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
        default: return "CUDNN_UNKNOWN_STATUS";
    }
}

API void cudnnGetLastErrorString(char *message, size_t size) {
    if (message && size) snprintf(message, size, "%s", latest.c_str());
    latest.clear();
}

API int cudnnCreate(void **handle) {
    if (int status = device().call("cudnnCreate")) return status;
    if (handle == nullptr) return NULL_POINTER;
    Handle *made = handles().make();
    const char *workspaces = getenv("CUBLAS_WORKSPACE_CONFIG");
    made->ordered = workspaces && (strcmp(workspaces, ":4096:2") == 0 || strcmp(workspaces, ":16:8") == 0);
    *handle = made;
    return SUCCESS;
}

API int cudnnDestroy(void *handle) {
    int status = device().call("cudnnDestroy"); // one that fails takes the handle along: a test counts what was not tried
    return !handles().end(handle) ? BAD_PARAM : status;
}

API int cudnnSetStream(void *handle, void *stream) {
    if (int status = device().call("cudnnSetStream")) return status;
    Handle *known = handles().get(handle);
    if (known == nullptr) return BAD_PARAM;
    known->stream = stream;
    return SUCCESS;
}
