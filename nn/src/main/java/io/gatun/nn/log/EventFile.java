package io.gatun.nn.log;

import io.gatun.nn.io.WriteException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A file of TFRecords: length (8 bytes, little-endian), its masked CRC32C, the payload, its masked CRC32C. The mask keeps
 * a CRC of bytes that hold CRCs from being a weak one.
 */
final class EventFile implements AutoCloseable {
    private static final int FRAME = 16;

    private final Path file;
    private final FileChannel channel;

    private EventFile(Path file) throws IOException {
        this.file = file;
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Which payloads a resumed file keeps. */
    interface Keep {
        boolean test(byte[] event);
    }

    /** Goes on behind the records that are kept; what is damaged or cut off, and all behind it, is dropped. */
    static EventFile open(Path file, Keep keep) throws IOException {
        if (Files.exists(file)) {
            Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
            Files.deleteIfExists(temporary);
            try (EventFile kept = new EventFile(temporary)) {
                ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
                for (byte[] event = next(all); event != null; event = next(all)) {
                    if (keep.test(event)) {
                        kept.write(event);
                    }
                }
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
        return new EventFile(file);
    }

    /** Null at the end and at the first record that is not whole. */
    private static byte[] next(ByteBuffer all) {
        if (all.remaining() < FRAME) {
            return null;
        }
        byte[] head = new byte[8];
        all.get(all.position(), head);
        long length = all.getLong();
        if (all.getInt() != masked(head) || length < 0 || length > all.remaining() - 4) {
            return null;
        }
        byte[] event = new byte[(int) length];
        all.get(event);
        return all.getInt() == masked(event) ? event : null;
    }

    void write(byte[] event) throws IOException {
        ByteBuffer record = ByteBuffer.allocate(FRAME + event.length).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(event.length);
        byte[] head = new byte[8];
        record.get(0, head);
        record.putInt(masked(head)).put(event).putInt(masked(event)).flip();
        try {
            while (record.hasRemaining()) {
                channel.write(record);
            }
        } catch (IOException e) {
            throw WriteException.of(file, e);
        }
    }

    private static int masked(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
