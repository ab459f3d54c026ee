// What the fake reads out of PTX text: the kernels' names and parameters, their shared memory, and whether their
// threads wait for each other.
#ifndef GATUN_EMULATION_PTX_H
#define GATUN_EMULATION_PTX_H
#include <string>
#include <vector>

struct PtxParameter {
    int size;
    bool floating;
};
struct PtxEntry {
    std::string name, body;
    std::vector<PtxParameter> parameters;
    bool fibers = true;
    int mostThreads = 1024;
};
// False, with a reason, where the text is no PTX or cannot be understood.
bool readPtx(const char *text, std::vector<PtxEntry> &entries, std::string &reason);
#endif
