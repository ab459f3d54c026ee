package io.gatun.nn.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Our files through a real NumPy and back. Python is {@code $GATUN_PYTHON} or {@code python3}; without NumPy there the
 * test is skipped and says so.
 */
class NumPyRoundTripTest {
    private static final String SCRIPT = """
        import sys, numpy as np
        x = np.load('x.npy')
        assert x.dtype == np.float32 and x.shape == (2, 3), (x.dtype, x.shape)
        assert (x == np.array([[1, -2, 3], [np.inf, 0.5, 6]], np.float32)).all(), x
        for name in ('stored.npz', 'deflated.npz'):
            z = np.load(name)
            assert sorted(z.files) == ['n', 'x'], z.files
            assert (z['n'] == [[7], [-8]]).all() and z['n'].dtype == np.int32
            assert (z['x'] == x).all()
        np.save('back.npy', np.asfortranarray(x.astype('>f8') * 2))
        np.savez_compressed('back.npz', n=z['n'].astype('u1'))
        """;

    @TempDir
    Path folder;

    private int python(String... arguments) throws IOException, InterruptedException {
        String python = System.getenv().getOrDefault("GATUN_PYTHON", "python3");
        ProcessBuilder builder = new ProcessBuilder(python).directory(folder.toFile());
        builder.command().addAll(List.of(arguments));
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(folder.resolve("out.txt").toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    @Test
    void throughNumPyAndBack() throws IOException, InterruptedException {
        boolean installed;
        try {
            installed = python("-c", "import numpy") == 0;
        } catch (IOException e) {
            installed = false;
        }
        assumeTrue(installed, "SKIPPED: no NumPy in $GATUN_PYTHON or python3; npy is checked by committed files only");
        float[] values = {1, -2, 3, Float.POSITIVE_INFINITY, 0.5f, 6};
        Map<String, NpyArray> arrays =
                Map.of("x", NpyArray.of(values, 2, 3), "n", NpyArray.of(new int[] {7, -8}, 2, 1));
        Npy.write(folder.resolve("x.npy"), values, 2, 3);
        Npz.write(folder.resolve("stored.npz"), arrays, false);
        Npz.write(folder.resolve("deflated.npz"), arrays, true);
        int exit = python("-c", SCRIPT);
        assertThat(exit).as(Files.readString(folder.resolve("out.txt"))).isZero();
        try (Arena arena = Arena.ofConfined()) {
            assertThat(Npy.read(folder.resolve("back.npy"), arena).floats())
                    .containsExactly(2, -4, 6, Float.POSITIVE_INFINITY, 1, 12);
            assertThat(Npz.read(folder.resolve("back.npz"), arena).get("n").floats())
                    .containsExactly(7, 248);
        }
    }
}
