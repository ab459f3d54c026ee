/** What {@code gatun train} does. */
package io.gatun.perf.train;
