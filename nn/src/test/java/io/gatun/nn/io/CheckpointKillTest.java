package io.gatun.nn.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A JVM that saves without pause is killed (SIGKILL) at random moments: what is left under the name always loads. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class CheckpointKillTest {
    private static final int KILLS = 6;
    private static final int ELEMENTS = 1 << 20;

    @TempDir
    Path folder;

    @Test
    void aKilledSaveLeavesAWholeCheckpoint() throws Exception {
        Path file = folder.resolve("model.ckpt");
        Random random = new Random(7);
        long last = -1;
        boolean midSave = false;
        for (int kill = 0; kill < KILLS; kill++) {
            Process saver = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Saver.class.getName(),
                            file.toString(),
                            Long.toString(last + 1))
                    .inheritIO()
                    .start();
            long first = last + 1;
            while (stepOf(file) < first) {
                assertThat(saver.isAlive()).isTrue();
                Thread.sleep(5);
            }
            Thread.sleep(random.nextInt(60));
            saver.destroyForcibly();
            assertThat(saver.waitFor()).isNotZero();
            midSave |= Files.exists(folder.resolve("model.ckpt.tmp"));
            long step = stepOf(file);
            assertThat(step).isGreaterThanOrEqualTo(first);
            last = step;
        }
        assertThat(midSave)
                .as("at least one of %d kills came in the middle of a save", KILLS)
                .isTrue();
    }

    /** The step of a whole checkpoint, all of whose elements say the same; -1 when there is none yet. */
    private static long stepOf(Path file) throws IOException {
        if (!Files.exists(file)) {
            return -1;
        }
        try (Arena arena = Arena.ofConfined()) {
            CheckpointFile.Content content = CheckpointFile.read(file, arena);
            long step = Long.parseLong(content.metadata().get("step"));
            MemorySegment data = content.tensor("w").data();
            for (int i = 0; i < ELEMENTS; i++) {
                if (data.getAtIndex(ValueLayout.JAVA_FLOAT, i) != step) {
                    throw new AssertionError("element " + i + " is not of step " + step);
                }
            }
            return step;
        }
    }

    /** Saves step after step until killed. */
    static final class Saver {
        private Saver() {}

        public static void main(String[] arguments) throws IOException {
            Path file = Path.of(arguments[0]);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment data = arena.allocate(4L * ELEMENTS, 4);
                for (long step = Long.parseLong(arguments[1]); ; step++) {
                    for (int i = 0; i < ELEMENTS; i++) {
                        data.setAtIndex(ValueLayout.JAVA_FLOAT, i, step);
                    }
                    NamedTensor tensor = new NamedTensor("w", TensorType.F32, new long[] {ELEMENTS}, data);
                    CheckpointFile.write(file, List.of(tensor), Map.of("step", Long.toString(step)));
                }
            }
        }
    }
}
