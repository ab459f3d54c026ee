// Images as they are stored made into what a net takes.
#include "gatun.h"

namespace {

// Tables of so many channels are copied to shared memory, whose banks serve any 32 of its numbers in few turns.
constexpr int TABLES = 16;
constexpr int BYTES = 256;

struct windows {
    const unsigned char* src;
    const int* places;
    float* dst;
    long long rows;
    int height, width, channels, out_height, out_width;

    // All rows of the grid's part: a row of threads has a row of the result, neighbours of which write neighbours. One division
    // by the channels for each thread: from one number of its row to the next it goes on by as many pixels and channels.
    GATUN_METHOD void look_up(const float* table) const {
        int length = out_width * channels;
        int pixels = blockDim.x / channels;
        int rest = blockDim.x % channels;
        int first = threadIdx.x / channels;
        int first_channel = threadIdx.x % channels;
        long long step = (long long) gridDim.x * blockDim.y;
        for (long long row = (long long) blockIdx.x * blockDim.y + threadIdx.y; row < rows; row += step) {
            long long image = row / out_height;
            const int* place = places + 3 * image;
            // Unsigned, so that what is before the image is far behind it, and nothing overflows.
            unsigned y = (unsigned) place[0] + (unsigned) (row - image * out_height);
            unsigned left = (unsigned) place[1];
            bool mirrored = place[2] != 0;
            const unsigned char* from = src + (image * height + (y < (unsigned) height ? y : 0)) * width * channels;
            float* to = dst + row * length;
            int x = first;
            int channel = first_channel;
            for (int i = threadIdx.x; i < length; i += blockDim.x) {
                unsigned column = left + (unsigned) (mirrored ? out_width - 1 - x : x);
                bool there = y < (unsigned) height && column < (unsigned) width;
                int value = there ? from[(long long) column * channels + channel] : 0;
                to[i] = table[channel * BYTES + value];
                x += pixels;
                channel += rest;
                if (channel >= channels) {
                    channel -= channels;
                    x++;
                }
            }
        }
    }
};

}  // namespace

// dst[i, y, x, k] = table[k, src[i, top + y, left + x or its mirror image, k]], byte 0 where src has no such pixel. 1 byte read
// and 4 written a value.
extern "C" __global__ void gatun_crop_mirror_normalize_f32(const unsigned char* __restrict__ src,
                                                           const float* __restrict__ table,
                                                           const int* __restrict__ places, float* __restrict__ dst,
                                                           long long rows, int height, int width, int channels,
                                                           int out_height, int out_width) {
    __shared__ float shared[TABLES * BYTES];
    windows all = {src, places, dst, rows, height, width, channels, out_height, out_width};
    if (channels > TABLES) {
        all.look_up(table);
        return;
    }
    for (int i = threadIdx.y * blockDim.x + threadIdx.x; i < channels * BYTES; i += blockDim.x * blockDim.y) {
        shared[i] = table[i];
    }
    __syncthreads();
    all.look_up(shared);
}
