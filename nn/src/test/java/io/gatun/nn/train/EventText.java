package io.gatun.nn.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The events of a TensorBoard file as text, without their times. */
final class EventText {
    private EventText() {}

    static List<String> of(Path file) throws IOException {
        List<String> events = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            byte[] event = new byte[(int) in.getLong()];
            in.getInt();
            in.get(event);
            in.getInt();
            // Nine bytes of time come first.
            events.add(new String(event, 9, event.length - 9, StandardCharsets.ISO_8859_1));
        }
        return events;
    }
}
