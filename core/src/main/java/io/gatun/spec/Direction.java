package io.gatun.spec;

/** Which way a kernel goes. */
public enum Direction {
    FORWARD,
    BACKWARD
}
