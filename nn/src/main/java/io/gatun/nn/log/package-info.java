/** Logs of a training: CSV, JSON lines, TensorBoard event files, and a report to be opened in a browser. */
package io.gatun.nn.log;
