/** Maps and lists as JSON and back. */
package io.gatun.perf.json;
