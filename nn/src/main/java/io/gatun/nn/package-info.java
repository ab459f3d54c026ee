/** Layers, initialisers and losses, named and defaulted as PyTorch's. Images are NHWC, filters OHWI, sequences [t, b, …]. */
package io.gatun.nn;
