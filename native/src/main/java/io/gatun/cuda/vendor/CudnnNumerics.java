package io.gatun.cuda.vendor;

import io.gatun.bindings.cudnn.Cudnn;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which of cuDNN's engines keep what Gatun promises of a convolution: the same bits each time, products and sums of floats
 * as good as float, infinities and NaN only where they belong.
 *
 * @param tensorCores whether factors may go through the tensor cores: those of 16 bits lose nothing there, floats are
 *     rounded to TF32
 * @param compiled whether an engine may be compiled when the plan is made, which takes a second or more
 */
record CudnnNumerics(boolean tensorCores, boolean compiled) {
    private static final Map<Integer, String> BROKEN = new LinkedHashMap<>();

    static {
        BROKEN.put(Cudnn.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC(), "not deterministic");
        BROKEN.put(Cudnn.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS(), "rounding their inputs");
        BROKEN.put(Cudnn.CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION(), "adding up in less than float");
        BROKEN.put(Cudnn.CUDNN_NUMERICAL_NOTE_FFT(), "by FFT");
        BROKEN.put(Cudnn.CUDNN_NUMERICAL_NOTE_WINOGRAD(), "by Winograd's algorithm");
        BROKEN.put(Cudnn.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4(), "by Winograd's algorithm");
        BROKEN.put(Cudnn.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6(), "by Winograd's algorithm");
        BROKEN.put(Cudnn.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13(), "by Winograd's algorithm");
    }

    /** What is wrong with the engine of these notes, in a word or two; null if nothing is. */
    String refusal(long[] numericalNotes, long[] behaviorNotes) {
        for (Map.Entry<Integer, String> broken : BROKEN.entrySet()) {
            if (has(numericalNotes, broken.getKey())) {
                return broken.getValue();
            }
        }
        if (!tensorCores && has(numericalNotes, Cudnn.CUDNN_NUMERICAL_NOTE_TENSOR_CORE())) {
            return "in TF32 (-Dgatun.cuda.tf32=true allows it)";
        }
        if (!compiled && has(behaviorNotes, Cudnn.CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION())) {
            return "to be compiled first";
        }
        return null;
    }

    private static boolean has(long[] notes, int note) {
        return Arrays.stream(notes).anyMatch(found -> found == note);
    }
}
