package io.gatun.nn.metric;

/** How figures of single classes become one. */
public enum Average {
    /** Counts of all classes are added up first; with one answer a row, precision, recall and F1 all are the accuracy. */
    MICRO,
    /** The mean over classes; one without targets and answers counts as 0. */
    MACRO,
    /** The mean weighted by each class's number of targets. */
    WEIGHTED
}
