/**
 * Tensors, the eager tape, and every gradient rule in one table ({@code Gradients}).
 *
 * <p>A {@link io.gatun.autograd.Tape} holds one training step: operations on its tensors run at once and are recorded;
 * {@link io.gatun.autograd.Tensor#backward()} walks the records in reverse. {@link io.gatun.autograd.Parameters} keeps
 * all values of a model in one flat buffer and all gradients in another, so that an optimizer step is one pass.
 */
package io.gatun.autograd;
