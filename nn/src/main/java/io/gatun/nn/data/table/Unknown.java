package io.gatun.nn.data.table;

/** What an encoder does with a category that it was not fitted on, and with a missing value. */
public enum Unknown {
    /** Throws, naming category and row. */
    REFUSE,
    /** Gives it no category: all zeros in one-hot and binary encodings, -1 in the ordinal one. */
    IGNORE
}
