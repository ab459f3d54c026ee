/** The {@code gatun} command line. */
package io.gatun.perf;
