/** Text as numbers: word and byte-pair tokens, padded batches, masks to learn from, and noise. */
package io.gatun.nn.data.text;
