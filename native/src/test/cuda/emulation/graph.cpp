// Graphs: the nodes in the order in which they were captured, which is one that their dependencies allow.
#include <stdio.h>
#include <string.h>

#include "device.h"

namespace {
using Nodes = std::shared_ptr<std::vector<Node>>;
struct Graph {
    Nodes nodes;
};
struct State {
    std::set<Graph *> graphs, executables;
};
State &state() {
    static auto *one = new State();
    return *one;
}

int instantiate(Graph **out, Graph *graph) {
    if (state().graphs.count(graph) == 0) return INVALID_HANDLE;
    if (out == nullptr) return INVALID_VALUE;
    *out = new Graph{std::make_shared<std::vector<Node>>(*graph->nodes)};
    state().executables.insert(*out);
    return SUCCESS;
}
} // namespace

void *newGraph(Nodes nodes) {
    auto *graph = new Graph{nodes};
    state().graphs.insert(graph);
    return graph;
}

size_t liveGraphs() { return state().graphs.size() + state().executables.size(); }

void forgetGraphs() {
    for (auto *set : {&state().graphs, &state().executables}) {
        for (Graph *graph : *set) delete graph;
        set->clear();
    }
}

API int cudaGraphCreate(void **out, unsigned) {
    Call call("cudaGraphCreate");
    if (call.error) return call.error;
    *out = newGraph(std::make_shared<std::vector<Node>>());
    return SUCCESS;
}

API int cudaGraphInstantiate(Graph **out, Graph *graph, unsigned long long) {
    Call call("cudaGraphInstantiate");
    return call.error ? call.error : call.done(instantiate(out, graph));
}

API int cudaGraphInstantiateWithFlags(Graph **out, Graph *graph, unsigned long long) {
    Call call("cudaGraphInstantiateWithFlags");
    return call.error ? call.error : call.done(instantiate(out, graph));
}

API int cudaGraphInstantiateWithParams(Graph **out, Graph *graph, void *) {
    Call call("cudaGraphInstantiateWithParams");
    return call.error ? call.error : call.done(instantiate(out, graph));
}

API int cudaGraphUpload(Graph *executable, void *) {
    Call call("cudaGraphUpload");
    if (call.error) return call.error;
    return call.done(state().executables.count(executable) ? SUCCESS : INVALID_HANDLE);
}

API int cudaGraphLaunch(Graph *executable, void *handle) {
    Call call("cudaGraphLaunch");
    if (call.error) return call.error;
    Stream *stream = streamOf(handle);
    if (stream == nullptr || state().executables.count(executable) == 0) return call.done(INVALID_HANDLE);
    Node node;
    node.work = Work::GRAPH;
    node.graph = executable->nodes;
    return call.done(submit(stream, std::move(node)));
}

API int cudaGraphDestroy(Graph *graph) {
    Call call("cudaGraphDestroy");
    if (call.error) return call.error;
    if (state().graphs.erase(graph) == 0) return call.done(INVALID_HANDLE);
    delete graph;
    return SUCCESS;
}

API int cudaGraphExecDestroy(Graph *executable) {
    Call call("cudaGraphExecDestroy");
    if (call.error) return call.error;
    if (state().executables.erase(executable) == 0) return call.done(INVALID_HANDLE);
    delete executable; // launches under way hold the nodes
    return SUCCESS;
}

struct UpdateResult {
    int result;
    void *node, *from;
};
API int cudaGraphExecUpdate(Graph *executable, Graph *graph, UpdateResult *result) {
    Call call("cudaGraphExecUpdate");
    if (call.error) return call.error;
    if (state().executables.count(executable) == 0 || state().graphs.count(graph) == 0) return call.done(INVALID_HANDLE);
    *result = {0, nullptr, nullptr};
    const std::vector<Node> &now = *executable->nodes, &then = *graph->nodes;
    if (now.size() != then.size()) result->result = 2;
    for (size_t i = 0; result->result == 0 && i < now.size(); i++) {
        if (now[i].work != then[i].work) result->result = 3;
        else if (now[i].kernel != then[i].kernel) result->result = 4;
    }
    if (result->result) return call.done(GRAPH_UPDATE_FAILURE);
    executable->nodes = std::make_shared<std::vector<Node>>(then);
    return SUCCESS;
}

// A node's handle is its address in its graph, so its place there is its place in what was made of the graph.
API int cudaGraphGetNodes(Graph *graph, const Node **nodes, size_t *count) {
    Call call("cudaGraphGetNodes");
    if (call.error) return call.error;
    if (state().graphs.count(graph) == 0) return call.done(INVALID_HANDLE);
    if (nodes) {
        for (size_t i = 0; i < *count; i++) nodes[i] = i < graph->nodes->size() ? &(*graph->nodes)[i] : nullptr;
    }
    *count = nodes && *count < graph->nodes->size() ? *count : graph->nodes->size();
    return SUCCESS;
}

struct KernelNodeParams {
    LoadedKernel *kernel;
    dim3 grid, block;
    unsigned shared;
    void **arguments, **extra;
};
API int cudaGraphExecKernelNodeSetParams(Graph *executable, const Node *handle, const KernelNodeParams *params) {
    Call call("cudaGraphExecKernelNodeSetParams");
    if (call.error) return call.error;
    if (state().executables.count(executable) == 0) return call.done(INVALID_HANDLE);
    for (Graph *graph : state().graphs) {
        const std::vector<Node> &all = *graph->nodes;
        if (all.empty() || handle < &all.front() || handle > &all.back()) continue;
        auto i = static_cast<size_t>(handle - &all.front());
        if (i >= executable->nodes->size()) return call.done(INVALID_VALUE);
        auto copy = std::make_shared<std::vector<Node>>(*executable->nodes); // launches under way keep theirs
        Node &node = (*copy)[i];
        if (node.work != Work::KERNEL || node.kernel != params->kernel) return call.done(INVALID_VALUE);
        node.grid = params->grid, node.block = params->block;
        size_t at = 0;
        for (int p = 0; p < node.kernel->code->count; p++) {
            auto size = static_cast<size_t>(node.kernel->code->parameters[p].size);
            memcpy(node.arguments.data() + at, params->arguments[p], size);
            at += (size + 15) & ~static_cast<size_t>(15);
        }
        executable->nodes = copy;
        return SUCCESS;
    }
    return call.done(INVALID_HANDLE);
}

API int cudaGraphDebugDotPrint(Graph *graph, const char *path, unsigned) {
    Call call("cudaGraphDebugDotPrint");
    if (call.error) return call.error;
    if (state().graphs.count(graph) == 0) return call.done(INVALID_HANDLE);
    FILE *file = fopen(path, "w");
    if (file == nullptr) return call.done(304);
    fprintf(file, "digraph emulated {\n");
    for (size_t i = 0; i < graph->nodes->size(); i++) {
        fprintf(file, "  n%zu [label=\"%s\"];\n", i, describe((*graph->nodes)[i]).c_str());
        if (i > 0) fprintf(file, "  n%zu -> n%zu;\n", i - 1, i);
    }
    fprintf(file, "}\n");
    fclose(file);
    return SUCCESS;
}
