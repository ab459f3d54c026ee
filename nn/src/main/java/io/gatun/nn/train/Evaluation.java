package io.gatun.nn.train;

/**
 * How a model does on its test set.
 *
 * @param loss mean over the set, in nats
 * @param accuracy share of right answers, 0 to 1; NaN where there is none
 */
public record Evaluation(double loss, double accuracy) {}
