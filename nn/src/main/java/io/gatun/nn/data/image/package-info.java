/** Pictures on their way to a net: decoded, resized, augmented at random in training, standardized. */
package io.gatun.nn.data.image;
