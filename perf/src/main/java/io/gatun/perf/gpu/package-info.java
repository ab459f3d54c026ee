/** What {@code perf/gpu/run-all} measures on a GPU, and its report. */
package io.gatun.perf.gpu;
