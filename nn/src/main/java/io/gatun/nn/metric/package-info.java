/** Streaming metrics: fed batch by batch, merged over threads, computed at the end. */
package io.gatun.nn.metric;
