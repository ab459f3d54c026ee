/** File formats: safetensors, checkpoints that survive a crash, and the strict reading of files nobody vouches for. */
package io.gatun.nn.io;
