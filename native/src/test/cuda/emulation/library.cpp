// Libraries and kernels: PTX text in, compiled functions out, and a loud no where the two differ.
#include <ctype.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

struct Library {
    std::map<std::string, LoadedKernel *> kernels;
};

namespace {
struct State {
    std::set<Library *> live;
    std::set<LoadedKernel *> kernels; // for ever: a handle of an unloaded library is recognised
    std::map<std::string, long long> launches;
    long long all = 0;
};
State &state() {
    static auto *one = new State();
    return *one;
}

struct SharedArray {
    std::string name; // plain
    SharedRange range;
};

// A mangled name without what nvcc and g++ write differently: nvcc puts functions of internal linkage into a namespace
// of its own, which shifts the numbers of substitutions and adds an E.
std::string plain(const std::string &mangled) {
    size_t at = 3; // _ZZ
    if (mangled[at] == 'L') at++;
    if (mangled[at] == 'N') {
        char *name;
        size_t length = strtoul(mangled.c_str() + at + 1, &name, 10), begin = static_cast<size_t>(name - mangled.c_str());
        if (mangled.compare(begin, 10, "_INTERNAL_") == 0 || mangled.compare(begin, 11, "_GLOBAL__N_") == 0) at = begin + length;
    }
    std::string kept;
    for (; at < mangled.size(); at++) {
        if (mangled[at] == 'E') continue;
        if (mangled[at] == 'S') {
            size_t end = at + 1;
            while (isdigit(static_cast<unsigned char>(mangled[end])) || isupper(static_cast<unsigned char>(mangled[end]))) end++;
            if (mangled[end] == '_') {
                at = end;
                continue;
            }
        }
        kept += mangled[at];
    }
    return kept;
}

// The shared arrays that a kernel's PTX names.
std::set<std::string> sharedNames(const std::string &body) {
    std::set<std::string> names;
    for (size_t at = body.find("_ZZ"); at != std::string::npos; at = body.find("_ZZ", at + 3)) {
        size_t end = at;
        while (isalnum(static_cast<unsigned char>(body[end])) || body[end] == '_') end++;
        names.insert(plain(body.substr(at, end - at)));
    }
    return names;
}

// The thread-local symbols of this shared object: every __shared__ array, mangled by g++ as by nvcc.
std::vector<SharedArray> readSharedArrays(size_t &threadState) {
    std::vector<SharedArray> arrays;
    Dl_info info;
    if (!dladdr(reinterpret_cast<void *>(&liveLibraries), &info)) abort();
    FILE *file = fopen(info.dli_fname, "rb");
    if (file == nullptr) abort();
    fseek(file, 0, SEEK_END);
    std::string image(static_cast<size_t>(ftell(file)), 0);
    rewind(file);
    if (fread(&image[0], 1, image.size(), file) != image.size()) abort();
    fclose(file);
    auto *header = reinterpret_cast<ElfW(Ehdr) *>(&image[0]);
    auto *sections = reinterpret_cast<ElfW(Shdr) *>(&image[header->e_shoff]);
    for (int i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB) continue;
        const char *names = &image[sections[sections[i].sh_link].sh_offset];
        auto *symbols = reinterpret_cast<ElfW(Sym) *>(&image[sections[i].sh_offset]);
        for (size_t s = 0; s < sections[i].sh_size / sizeof(ElfW(Sym)); s++) {
            if (ELF64_ST_TYPE(symbols[s].st_info) != STT_TLS || symbols[s].st_size == 0) continue;
            std::string name = names + symbols[s].st_name;
            if (name == "gatun_emulated") threadState = symbols[s].st_value;
            if (name.compare(0, 3, "_ZZ") != 0) continue;
            arrays.push_back({plain(name), {symbols[s].st_value, symbols[s].st_size}});
        }
    }
    return arrays;
}

size_t threadStateOffset;
std::vector<SharedArray> &sharedArrays() {
    static auto *arrays = new std::vector<SharedArray>(readSharedArrays(threadStateOffset));
    return *arrays;
}

const GatunKernel *find(const std::string &name) {
    for (const GatunKernel *kernel = registeredKernels(); kernel; kernel = kernel->next) {
        if (name == kernel->name) return kernel;
    }
    return nullptr;
}

// Where the PTX and the compiled function disagree; empty where they do not.
std::string drift(const PtxEntry &ptx, const GatunKernel *code) {
    const std::string end = " (the .ptx and the .cu differ: compile the PTX anew)";
    if (code == nullptr) return ptx.name + " is in the PTX, but g++ compiled no such kernel" + end;
    if (static_cast<int>(ptx.parameters.size()) != code->count) {
        return ptx.name + " has " + std::to_string(ptx.parameters.size()) + " parameters in the PTX and " +
               std::to_string(code->count) + " in the source" + end;
    }
    for (int i = 0; i < code->count; i++) {
        const PtxParameter &a = ptx.parameters[static_cast<size_t>(i)];
        const GatunParameter &b = code->parameters[i];
        if (a.size != b.size || a.floating != b.floating) {
            return ptx.name + "'s parameter " + std::to_string(i) + " has " + std::to_string(a.size) + (a.floating ? " floating" : "") +
                   " bytes in the PTX and " + std::to_string(b.size) + (b.floating ? " floating" : "") +
                   " in the source" + end;
        }
    }
    return "";
}
} // namespace

char *threadStorage() {
    sharedArrays();
    return reinterpret_cast<char *>(&gatun_emulated) - threadStateOffset;
}

bool isKernel(const void *handle) {
    return state().kernels.count(static_cast<LoadedKernel *>(const_cast<void *>(handle))) != 0;
}
size_t liveLibraries() { return state().live.size(); }

void forgetLibraries() {
    for (Library *library : state().live) {
        for (auto &kernel : library->kernels) kernel.second->loaded = false;
        delete library;
    }
    state().live.clear();
}

// Brings a kernel to the device, as CUDA does by itself when it is first needed.
int load(LoadedKernel *kernel) {
    if (!kernel->resident && invalidateCaptures(true)) {
        complain(kernel->ptx.name + " would have to be loaded while a stream captures: the capture is void");
        return CAPTURE_UNSUPPORTED;
    }
    kernel->resident = true;
    return SUCCESS;
}

long long launchesOf(const char *kernel) {
    if (*kernel == 0) return state().all;
    auto found = state().launches.find(kernel);
    return found == state().launches.end() ? 0 : found->second;
}

void countLaunch(const char *kernel) {
    if (kernel == nullptr) {
        state().launches.clear();
        state().all = 0;
        return;
    }
    state().launches[kernel]++;
    state().all++;
}

API int cudaLibraryLoadData(Library **out, const void *code, void *, void *, unsigned, void *, void *, unsigned) {
    Call call("cudaLibraryLoadData", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    if (out == nullptr || code == nullptr) return call.done(INVALID_VALUE);
    std::vector<PtxEntry> entries;
    std::string reason;
    if (!readPtx(static_cast<const char *>(code), entries, reason)) {
        complain(reason);
        return call.done(INVALID_PTX);
    }
    auto *library = new Library();
    for (PtxEntry &entry : entries) {
        auto *kernel = new LoadedKernel();
        kernel->ptx = entry;
        kernel->library = library;
        kernel->code = find(entry.name);
        std::set<std::string> names = sharedNames(entry.body), unknown = names;
        for (SharedArray &array : sharedArrays()) {
            if (names.count(array.name) == 0) continue;
            kernel->shared.push_back(array.range);
            if (unknown.erase(array.name)) kernel->sharedBytes += array.range.size;
        }
        if (!unknown.empty() && kernel->code) {
            complain(entry.name + "'s shared array " + *unknown.begin() + " is not in the source: its content is not NaN at first");
        }
        kernel->ptx.body.clear();
        library->kernels[entry.name] = kernel;
        state().kernels.insert(kernel);
    }
    state().live.insert(library);
    *out = library;
    return SUCCESS;
}

API int cudaLibraryUnload(Library *library) {
    Call call("cudaLibraryUnload", Needs::NO_CAPTURE);
    if (call.error) return call.error;
    if (state().live.erase(library) == 0) return call.done(INVALID_HANDLE);
    settleAll();
    for (auto &kernel : library->kernels) kernel.second->loaded = false;
    delete library;
    return SUCCESS;
}

API int cudaLibraryGetKernel(LoadedKernel **out, Library *library, const char *name) {
    Call call("cudaLibraryGetKernel");
    if (call.error) return call.error;
    if (state().live.count(library) == 0) return call.done(INVALID_HANDLE);
    if (out == nullptr || name == nullptr) return call.done(INVALID_VALUE);
    auto found = library->kernels.find(name);
    if (found == library->kernels.end()) return call.done(SYMBOL_NOT_FOUND);
    std::string difference = drift(found->second->ptx, found->second->code);
    if (!difference.empty()) {
        complain(difference);
        return call.done(INVALID_PTX);
    }
    *out = found->second;
    return SUCCESS;
}

API int cudaLibraryGetGlobal(void **, size_t *, Library *, const char *) {
    Call call("cudaLibraryGetGlobal");
    return call.error ? call.error : call.done(SYMBOL_NOT_FOUND);
}

API int cudaKernelSetAttributeForDevice(LoadedKernel *kernel, int attribute, int value, int device) {
    Call call("cudaKernelSetAttributeForDevice");
    if (call.error) return call.error;
    if (!isKernel(kernel)) return call.done(INVALID_HANDLE);
    if (device != 0) return call.done(INVALID_DEVICE);
    if (attribute == 8) {
        if (value < 0 || static_cast<size_t>(value) + kernel->sharedBytes > 227 * 1024) return call.done(INVALID_VALUE);
        kernel->mostDynamicShared = value;
    }
    return SUCCESS;
}

API int cudaFuncSetAttribute(LoadedKernel *kernel, int attribute, int value) {
    return cudaKernelSetAttributeForDevice(kernel, attribute, value, 0);
}

API int cudaFuncGetName(const char **name, LoadedKernel *kernel) {
    Call call("cudaFuncGetName");
    if (call.error) return call.error;
    if (!isKernel(kernel)) return call.done(INVALID_FUNCTION);
    *name = kernel->ptx.name.c_str();
    return SUCCESS;
}

API int cudaFuncGetParamInfo(LoadedKernel *kernel, size_t index, size_t *offset, size_t *size) {
    Call call("cudaFuncGetParamInfo");
    if (call.error) return call.error;
    if (!isKernel(kernel)) return call.done(INVALID_FUNCTION);
    if (index >= kernel->ptx.parameters.size()) return call.done(INVALID_VALUE);
    size_t at = 0;
    for (size_t i = 0; i <= index; i++) {
        size_t bytes = static_cast<size_t>(kernel->ptx.parameters[i].size), natural = bytes > 8 ? 8 : bytes;
        at = (at + natural - 1) / natural * natural;
        *offset = at;
        *size = bytes;
        at += bytes;
    }
    return SUCCESS;
}

API int cudaFuncGetAttributes(void *attributes, LoadedKernel *kernel) {
    Call call("cudaFuncGetAttributes");
    if (call.error) return call.error;
    if (!isKernel(kernel)) return call.done(INVALID_FUNCTION);
    if (int code = load(kernel)) return call.done(code);
    struct {
        size_t shared, constant, local;
        int mostThreads, registers, ptxVersion, binaryVersion, cacheModeCA, mostDynamicShared, carveout;
    } values = {kernel->sharedBytes, 0, 0, kernel->ptx.mostThreads, 32, 80, 90, 0, kernel->mostDynamicShared, -1};
    memset(attributes, 0, 56);
    memcpy(attributes, &values, 52);
    return SUCCESS;
}
