/** Implementations of one spec timed in turn in one process. */
package io.gatun.perf.bench;
