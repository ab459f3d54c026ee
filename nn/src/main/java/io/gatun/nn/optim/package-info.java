/**
 * Fused optimizers over a model's flat buffers, learning-rate schedules, averages of weights and second-order methods;
 * {@code docs/guide/optimizers.md} shows them at work.
 */
package io.gatun.nn.optim;
