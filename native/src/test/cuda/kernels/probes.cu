// Kernels that do one thing right or wrong, to see that the emulator tells. Compiled to probes.ptx as the others are:
// nvcc -ptx -arch=compute_80 -fmad=false probes.cu

// y = a * x, one thread an element: no thread waits for another.
extern "C" __global__ void gatun_probe_scale(float *y, const float *x, float a, long long n) {
    long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i];
}

// The sum of a block's 256 elements, by a tree with every barrier that it needs.
template <bool BARRIER> __device__ void tree(float *y, const float *x) {
    __shared__ float sums[256];
    int t = threadIdx.x;
    sums[t] = x[blockIdx.x * 256 + t];
    __syncthreads();
    for (int half = 128; half > 0; half /= 2) {
        if (t < half) sums[t] += sums[t + half];
        if (BARRIER) __syncthreads();
    }
    if (t == 0) y[blockIdx.x] = sums[0];
}
extern "C" __global__ void gatun_probe_sum(float *y, const float *x) { tree<true>(y, x); }
extern "C" __global__ void gatun_probe_sum_racing(float *y, const float *x) { tree<false>(y, x); }

// The same sum by shuffles, and the block's count of elements above zero by votes.
extern "C" __global__ void gatun_probe_warps(float *y, int *positive, const float *x) {
    __shared__ float sums[8];
    __shared__ int counts[8];
    int t = threadIdx.x, lane = t & 31, warp = t >> 5;
    float value = x[blockIdx.x * 256 + t];
    unsigned votes = __ballot_sync(0xffffffffu, value > 0);
    for (int half = 16; half > 0; half /= 2) value += __shfl_xor_sync(0xffffffffu, value, half);
    if (lane == 0) sums[warp] = value, counts[warp] = __popc(votes);
    __syncthreads();
    if (warp == 0) {
        float sum = lane < 8 ? sums[lane] : 0;
        int count = lane < 8 ? counts[lane] : 0;
        for (int half = 4; half > 0; half /= 2) {
            sum += __shfl_down_sync(0xffffffffu, sum, half, 8);
            count += __shfl_down_sync(0xffffffffu, count, half, 8);
        }
        if (lane == 0) y[blockIdx.x] = sum, positive[blockIdx.x] = count;
    }
}

// What every lane receives: rows of 32 for idx, up, down, xor, each in segments of `width`, and a double by idx.
extern "C" __global__ void gatun_probe_shuffles(int *y, double *z, int operand, int width) {
    int lane = threadIdx.x;
    y[lane] = __shfl_sync(0xffffffffu, lane, operand, width);
    y[32 + lane] = __shfl_up_sync(0xffffffffu, lane, operand, width);
    y[64 + lane] = __shfl_down_sync(0xffffffffu, lane, operand, width);
    y[96 + lane] = __shfl_xor_sync(0xffffffffu, lane, operand, width);
    z[lane] = __shfl_sync(0xffffffffu, 1e300 * lane, operand, width);
}

// Two halves of a warp in different loops, each with its own mask.
extern "C" __global__ void gatun_probe_halves(int *y) {
    int lane = threadIdx.x, sum = lane;
    if (lane < 16) {
        for (int half = 8; half > 0; half /= 2) sum += __shfl_xor_sync(0x0000ffffu, sum, half);
    } else {
        for (int half = 8; half > 0; half /= 2) sum = max(sum, __shfl_xor_sync(0xffff0000u, sum, half));
    }
    y[lane] = sum;
}

// Half of the block waits for a half that never comes.
extern "C" __global__ void gatun_probe_divergent(float *y) {
    if (threadIdx.x < blockDim.x / 2) __syncthreads();
    y[threadIdx.x] = 1;
}

// Writes where it is told to, which may be nowhere.
extern "C" __global__ void gatun_probe_write(float *y, long long at) { y[at + threadIdx.x] = 1; }

// Four floats at once from where it is told to.
struct alignas(16) Four {
    float x, y, z, w;
};
extern "C" __global__ void gatun_probe_four(float *y, const float *x, long long at) {
    *reinterpret_cast<Four *>(y) = *reinterpret_cast<const Four *>(x + at);
}

// Reads shared memory that nobody wrote.
extern "C" __global__ void gatun_probe_unwritten(float *y) {
    __shared__ float nothing[32];
    if (threadIdx.x == 99) nothing[0] = 1;
    y[threadIdx.x] = nothing[threadIdx.x];
}

// The last block to come adds the parts up: counting by an atomic, as kernels with one launch do.
extern "C" __global__ void gatun_probe_last_block(unsigned *counter, int *parts, int *y, int blocks) {
    __shared__ bool last;
    if (threadIdx.x == 0) {
        parts[blockIdx.x] = static_cast<int>(blockIdx.x) + 1;
        __threadfence();
        last = atomicAdd(counter, 1u) == static_cast<unsigned>(blocks) - 1;
    }
    __syncthreads();
    if (!last) return;
    int sum = 0;
    for (int i = threadIdx.x; i < blocks; i += blockDim.x) sum += parts[i];
    atomicAdd(y, sum);
}

// A structure by value: its size and alignment must survive the way.
struct Sizes {
    int a[5];
    const float *from;
    float scale;
};
extern "C" __global__ void gatun_probe_struct(float *y, int one, Sizes sizes, float two) {
    y[threadIdx.x] = sizes.from[threadIdx.x] * sizes.scale + static_cast<float>(sizes.a[4] + one) + two;
}
