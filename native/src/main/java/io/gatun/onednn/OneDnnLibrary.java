package io.gatun.onednn;

import io.gatun.kernel.NativeUnavailableException;

/**
 * oneDNN, loaded at most once in a process. Everything that calls {@code io.gatun.bindings.onednn} goes through here
 * first. The places, in order:
 *
 * <ol>
 *   <li>{@code -Dgatun.onednn.path}: a library or its folder. Where it is set nothing else is tried: silently running
 *       another library than the one asked for would be worse than none.
 *   <li>The library inside the {@code org.bytedeco:dnnl} jar, extracted into a folder of the user's own:
 *       {@code -Dgatun.cache}, else {@code $XDG_CACHE_HOME/gatun}, {@code ~/.cache/gatun} and, if that cannot be written
 *       or executed, a private folder in the temporary one.
 *   <li>{@code libdnnl.so.3} as the system finds it.
 * </ol>
 *
 * <p>The first call sets {@code OMP_WAIT_POLICY=passive} and {@code OMP_NUM_THREADS} for this process unless they are
 * set: spinning OpenMP threads and Java's workers on the same cores halve each other. Thread safe.
 */
public final class OneDnnLibrary {
    private static LoadResult result;

    private OneDnnLibrary() {}

    /**
     * Loads oneDNN, or returns what came of it the first time. The first call costs about a second when the library
     * must be extracted and some milliseconds otherwise.
     *
     * @param threads upper bound for OpenMP's own threads; only the first call's number counts
     */
    public static synchronized LoadResult load(int threads) {
        if (result == null) {
            result = new OneDnnLoader(threads).load();
        }
        return result;
    }

    /**
     * As {@link #load}, for those who cannot go on without it.
     *
     * @throws NativeUnavailableException with every place that was tried and why it was not taken
     */
    public static LoadResult.Loaded require(int threads) {
        return switch (load(threads)) {
            case LoadResult.Loaded loaded -> loaded;
            case LoadResult.Unavailable none ->
                throw new NativeUnavailableException("oneDNN cannot be loaded: " + none.reason());
        };
    }
}
