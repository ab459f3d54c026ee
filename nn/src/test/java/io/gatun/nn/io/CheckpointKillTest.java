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

/** A JVM that saves without pause is killed (SIGKILL), also while it writes: what is left under the name always loads. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class CheckpointKillTest {
    private static final int KILLS = 6;

    /** How often a save that was seen to begin may have ended before its kill arrives. */
    private static final int MOST_KILLS = 100;

    private static final int ELEMENTS = 1 << 20;

    @TempDir
    Path folder;

    @Test
    void aKilledSaveLeavesAWholeCheckpoint() throws Exception {
        Path file = folder.resolve("model.ckpt");
        Path temporary = folder.resolve("model.ckpt.tmp");
        Random random = new Random(7);
        long last = -1;
        boolean midSave = false;
        for (int kill = 0; kill < KILLS || !midSave; kill++) {
            assertThat(kill).as("kills, none of them in the middle of a save").isLessThan(MOST_KILLS);
            long first = last + 1;
            Process saver = saver(file, first);
            while (stepOf(file) < first) {
                assertThat(saver.isAlive()).as(this::said).isTrue();
                Thread.sleep(5);
            }
            if (kill % 2 == 0) {
                Thread.sleep(random.nextInt(60));
            } else {
                while (!Files.exists(temporary) && saver.isAlive()) {
                    Thread.onSpinWait();
                }
            }
            assertThat(saver.isAlive()).as(this::said).isTrue();
            saver.destroyForcibly().waitFor();
            midSave |= Files.exists(temporary);
            last = stepOf(file);
            assertThat(last).isGreaterThanOrEqualTo(first);
        }
    }

    private Process saver(Path file, long first) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Saver.class.getName(),
                        file.toString(),
                        Long.toString(first))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("saver.txt").toFile())
                .start();
    }

    private String said() {
        try {
            return "the saver said: " + Files.readString(folder.resolve("saver.txt"));
        } catch (IOException e) {
            return e.toString();
        }
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
