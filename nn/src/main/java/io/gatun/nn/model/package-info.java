/** Nets from the literature, with the published numbers of parameters. */
package io.gatun.nn.model;
