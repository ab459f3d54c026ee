/** Search for hyper-parameters: spaces, strategies, and studies that run trials side by side and can be resumed. */
package io.gatun.nn.search;
