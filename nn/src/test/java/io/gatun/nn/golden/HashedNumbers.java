package io.gatun.nn.golden;

import io.gatun.autograd.Parameter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/** The numbers of golden.py: one integer hash of (stream, place), so that weights and data need no file. */
final class HashedNumbers {
    private HashedNumbers() {}

    static int bits(int stream, long place) {
        int x = (int) (place + (stream * 0x9E3779B1L & 0xFFFFFFFFL));
        x = (x ^ x >>> 16) * 0x7FEB352D;
        x = (x ^ x >>> 16) * 0x846CA68B;
        return x ^ x >>> 16;
    }

    /** Uniform in [-bound, bound). */
    static void uniform(int stream, double bound, MemorySegment values, long count) {
        for (long i = 0; i < count; i++) {
            double u = (bits(stream, i) >>> 8) * 0x1p-24;
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) ((2 * u - 1) * bound));
        }
    }

    /** Whole numbers from 0 to below. */
    static int[] choices(int stream, int count, int below) {
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = Integer.remainderUnsigned(bits(stream, i), below);
        }
        return values;
    }

    /** Stream 1 + place among the trainable parameters; norms keep 1 and 0, but for a gain of 0.25 ending a block. */
    static void fill(Map<String, Parameter> stateDict) {
        int place = 0;
        for (Map.Entry<String, Parameter> entry : stateDict.entrySet()) {
            Parameter parameter = entry.getValue();
            if (!parameter.trainable()) {
                continue;
            }
            place++;
            long count = parameter.shape().elements();
            String name = entry.getKey();
            if (name.endsWith("bn2.weight")) {
                for (long i = 0; i < count; i++) {
                    parameter.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, 0.25f);
                }
            } else if (!name.contains("bn") && !name.contains("downsample.1")) {
                boolean matrix = parameter.shape().rank() > 1;
                double bound =
                        matrix ? Math.sqrt(3.0 / (count / parameter.shape().dim(0))) : 0.1;
                uniform(place, bound, parameter.data(), count);
            }
        }
    }
}
