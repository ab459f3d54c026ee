/** Fused optimizers over a model's flat buffers, and learning-rate schedules. */
package io.gatun.nn.optim;
