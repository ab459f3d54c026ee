/** Data: the embedded picture set, CIFAR-10 and MNIST readers, character text, and the prefetching batch loader. */
package io.gatun.nn.data;
