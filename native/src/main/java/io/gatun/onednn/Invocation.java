package io.gatun.onednn;

import java.util.List;

/** One execution of a primitive within a kernel: which of its arguments lies where. */
record Invocation(Primitive primitive, List<Binding> bindings) {
    /** A place in a kernel's frame: the address in {@code slot}, {@code offset} bytes on, with {@code bytes} of room. */
    record Place(int slot, long offset, long bytes) {
        /** The part that begins {@code skip} bytes later. */
        Place plus(long skip) {
            return new Place(slot, offset + skip, bytes - skip);
        }
    }

    /** Argument {@code key} (one of {@code DNNL_ARG_*}) lies at {@code place}. */
    record Binding(int key, Place place) {}
}
