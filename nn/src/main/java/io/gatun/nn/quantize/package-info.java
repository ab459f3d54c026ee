/** What chooses the scale and the zero point of numbers that become bytes. */
package io.gatun.nn.quantize;
