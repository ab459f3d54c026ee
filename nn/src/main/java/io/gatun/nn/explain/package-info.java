/** What a net looks at: gradients by the input, class activation maps, and what happens when parts of the input are lost. */
package io.gatun.nn.explain;
