#include "ptx.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

namespace {
std::string withoutComments(const char *text) {
    std::string clean;
    while (*text) {
        if (text[0] == '/' && text[1] == '/') {
            while (*text && *text != '\n') text++;
        } else if (text[0] == '/' && text[1] == '*') {
            const char *end = strstr(text + 2, "*/");
            text = end ? end + 2 : text + strlen(text);
        } else {
            clean += *text++;
        }
    }
    return clean;
}

bool wordAt(char c) { return isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; }

// Bits of `.u64`, `.b8`, `.f32`, ... at `at`, which stands on the dot; 0 where it is no type.
int typeBits(const std::string &text, size_t at, bool &floating) {
    char kind = text[at + 1];
    if (strchr("usbf", kind) == nullptr || !isdigit(static_cast<unsigned char>(text[at + 2]))) return 0;
    floating = kind == 'f';
    return atoi(text.c_str() + at + 2);
}

bool readParameters(const std::string &list, std::vector<PtxParameter> &parameters) {
    for (size_t at = list.find(".param"); at != std::string::npos;) {
        size_t end = list.find(".param", at + 6), stop = end == std::string::npos ? list.size() : end;
        PtxParameter parameter = {0, false};
        for (size_t dot = at + 6; dot < stop; dot++) {
            if (list[dot] != '.') continue;
            if (int bits = typeBits(list, dot, parameter.floating)) {
                parameter.size = bits / 8;
                break;
            }
        }
        if (parameter.size == 0) return false;
        size_t bracket = list.find('[', at);
        if (bracket < stop) parameter.size *= atoi(list.c_str() + bracket + 1);
        parameters.push_back(parameter);
        at = end;
    }
    return true;
}

bool waits(const std::string &body) {
    static const char *const words[] = {"bar.", "barrier.", "shfl.", "vote.", "activemask", "match.", "redux.", "mma.",
                                        "ldmatrix", "call", "mbarrier."};
    for (const char *word : words) {
        for (size_t at = body.find(word); at != std::string::npos; at = body.find(word, at + 1)) {
            if (at == 0 || (!wordAt(body[at - 1]) && body[at - 1] != '.')) return true;
        }
    }
    return false;
}
} // namespace

bool readPtx(const char *text, std::vector<PtxEntry> &entries, std::string &reason) {
    std::string clean = withoutComments(text);
    if (clean.find(".version") == std::string::npos || clean.find(".target") == std::string::npos) {
        reason = "the image is no PTX text: it has no .version or no .target";
        return false;
    }
    for (size_t at = clean.find(".entry"); at != std::string::npos; at = clean.find(".entry", at + 1)) {
        PtxEntry entry;
        size_t name = at + 6;
        while (isspace(static_cast<unsigned char>(clean[name]))) name++;
        size_t end = name;
        while (wordAt(clean[end])) end++;
        entry.name = clean.substr(name, end - name);
        size_t open = clean.find_first_of("({", end);
        if (open == std::string::npos) {
            reason = "the PTX ends within " + entry.name;
            return false;
        }
        size_t head = open;
        if (clean[open] == '(') {
            size_t close = clean.find(')', open);
            if (close == std::string::npos || !readParameters(clean.substr(open, close - open), entry.parameters)) {
                reason = "the PTX of " + entry.name + " has parameters that are not understood";
                return false;
            }
            head = close;
        }
        size_t brace = clean.find('{', head), stop = brace;
        int depth = 0;
        for (; stop != std::string::npos && stop < clean.size(); stop++) {
            if (clean[stop] == '{') depth++;
            if (clean[stop] == '}' && --depth == 0) break;
        }
        if (brace == std::string::npos || stop >= clean.size()) {
            reason = "the PTX ends within " + entry.name;
            return false;
        }
        size_t bound = clean.find(".maxntid", head);
        if (bound < brace) {
            int product = 1;
            for (const char *p = clean.c_str() + bound + 8;; p++) {
                product *= static_cast<int>(strtol(p, const_cast<char **>(&p), 10));
                while (*p == ' ') p++;
                if (*p != ',') break;
            }
            entry.mostThreads = product;
        }
        entry.body = clean.substr(brace, stop - brace);
        entry.fibers = waits(entry.body);
        entries.push_back(entry);
    }
    return true;
}
