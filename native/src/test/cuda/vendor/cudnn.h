// What the parts of the fake cuDNN share.
#ifndef GATUN_FAKE_CUDNN_H
#define GATUN_FAKE_CUDNN_H
#include "vendor.h"

namespace cudnn {
enum Status : int {
    SUCCESS = 0,
    NOT_INITIALIZED = 1001,
    SUBLIBRARY_LOADING_FAILED = 1008,
    BAD_PARAM = 2000,
    NULL_POINTER = 2002,
    MISALIGNED_POINTER = 2003,
    NOT_FINALIZED = 2004,
    OUT_OF_BOUND = 2005,
    SIZE_INSUFFICIENT = 2006,
    ATTRIBUTE_TYPE = 2010,
    NOT_SUPPORTED = 3000,
    NOT_SUPPORTED_SHAPE = 3002,
    NOT_SUPPORTED_DATA_TYPE = 3003,
    NOT_SUPPORTED_LAYOUT = 3004,
    INTERNAL_ERROR = 4000,
    COMPILATION_FAILED = 4001,
    EXECUTION_FAILED = 5000,
};
struct Handle {
    void *stream = nullptr;
    bool ordered = false; // whether cuBLAS has workspaces of one size, so that the same products run each time
};
Alive<Handle> &handles();
// Remembers what cudnnGetLastErrorString says, and returns the status.
int refused(int status, const std::string &why);
} // namespace cudnn
#endif
