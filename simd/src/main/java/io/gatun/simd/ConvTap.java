package io.gatun.simd;

/**
 * One weight position of a kernel, seen from a grid of outputs: output (y, x) of the grid reads input
 * (y·stride + {@code y}, x·stride + {@code x}).
 *
 * @param index i·kw + j
 */
record ConvTap(int index, int y, int x) {}
