/** The training loop, its callbacks, and checkpoints that a run continues from exactly. */
package io.gatun.nn.train;
