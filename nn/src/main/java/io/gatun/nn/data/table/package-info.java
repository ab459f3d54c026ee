/**
 * Tables: CSV files, columns, and what turns columns into the numbers a network takes. Scalers, encoders and imputers are
 * fitted on training data by a static {@code fit} and are immutable from then on, so nothing of a test set can enter
 * them by being transformed.
 */
package io.gatun.nn.data.table;
