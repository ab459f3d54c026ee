/** Smaller nets: weights pruned by magnitude. */
package io.gatun.nn.compress;
