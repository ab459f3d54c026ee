/**
 * Which samples are taken: splits and folds as index arrays, samplers that weigh or balance, and resampling of feature
 * matrices. Everything is drawn from a seed; labels are class numbers from 0.
 */
package io.gatun.nn.data.sample;
