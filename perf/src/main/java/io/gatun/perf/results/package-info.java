/** Saved results of benchmarks, their comparison and their tables. */
package io.gatun.perf.results;
