/** Training steps of whole nets, timed and taken apart. */
package io.gatun.perf.step;
