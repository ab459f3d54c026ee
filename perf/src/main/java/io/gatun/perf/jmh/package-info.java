/** The JMH suite. */
package io.gatun.perf.jmh;
