/** The problems of the regression suite, and what runs them. */
package io.gatun.perf.suite;
