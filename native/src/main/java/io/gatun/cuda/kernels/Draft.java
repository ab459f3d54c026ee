package io.gatun.cuda.kernels;

import io.gatun.cuda.runtime.CudaFunction;
import java.util.List;

/** A step of a recipe before its arguments are laid out. */
sealed interface Draft {
    record Launching(CudaFunction function, Grid grid, List<Arg> arguments) implements Draft {}

    record Zeroing(Arg where, long bytes) implements Draft {}

    record Copying(Arg from, Arg to, long bytes) implements Draft {}
}
