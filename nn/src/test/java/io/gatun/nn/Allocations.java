package io.gatun.nn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/** Who makes garbage: for the message of a test that found some. */
final class Allocations {
    private Allocations() {}

    /** The places of ours, and the class that each makes there, that allocate most while {@code work} is done. */
    static String of(Runnable work) {
        try {
            Path file = Files.createTempFile("allocations", ".jfr");
            try (Recording recording = new Recording()) {
                recording
                        .enable("jdk.ObjectAllocationSample")
                        .with("throttle", "5000/s")
                        .withStackTrace();
                recording.start();
                work.run();
                recording.dump(file);
                return top(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            return "not known: " + e;
        }
    }

    private static String top(Path file) throws IOException {
        Map<String, Long> bytes = new TreeMap<>();
        for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
            if (event.getEventType().getName().equals("jdk.ObjectAllocationSample") && event.getStackTrace() != null) {
                String type = event.getClass("objectClass").getName();
                bytes.merge(place(event) + " " + type, event.getLong("weight"), Long::sum);
            }
        }
        return bytes.entrySet().stream()
                .sorted(Comparator.comparingLong(entry -> -entry.getValue()))
                .limit(8)
                .map(entry -> entry.getValue() + " B " + entry.getKey())
                .collect(Collectors.joining("\n", "\n", "\n"));
    }

    /** Our innermost frames. */
    private static String place(RecordedEvent event) {
        return event.getStackTrace().getFrames().stream()
                .filter(frame -> frame.getMethod().getType().getName().startsWith("io.gatun"))
                .limit(3)
                .map(frame -> frame.getMethod().getType().getName() + "."
                        + frame.getMethod().getName() + ":" + frame.getLineNumber() + " (" + frame.getType() + ")")
                .collect(Collectors.joining(" < "));
    }
}
