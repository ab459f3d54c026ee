package io.gatun.spec;

/** Which way a kernel goes, where training and inference differ. */
public enum Pass {
    /** Forward, keeping what backward needs. */
    TRAINING,
    /** Forward, keeping nothing. */
    INFERENCE,
    BACKWARD
}
