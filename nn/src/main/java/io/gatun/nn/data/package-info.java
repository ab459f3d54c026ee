/**
 * Data: sets of samples with named fields, the loader that prepares batches of them ahead, samplers, and readers of the
 * usual sets of pictures and of text.
 */
package io.gatun.nn.data;
