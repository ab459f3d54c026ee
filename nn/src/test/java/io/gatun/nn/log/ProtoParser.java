package io.gatun.nn.log;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads what the library writes, from the formats' definitions and with a bitwise CRC32C: shares no code with it. */
final class ProtoParser {
    /** All values of each field, in order: Long, Double, Float or byte[]. */
    final Map<Integer, List<Object>> fields = new TreeMap<>();

    ProtoParser(byte[] message) {
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            long key = varint(in);
            Object value =
                    switch ((int) (key & 7)) {
                        case 0 -> varint(in);
                        case 1 -> in.getDouble();
                        case 5 -> in.getFloat();
                        case 2 -> {
                            byte[] bytes = new byte[(int) varint(in)];
                            in.get(bytes);
                            yield bytes;
                        }
                        default -> throw new AssertionError("wire type " + (key & 7));
                    };
            fields.computeIfAbsent((int) (key >>> 3), field -> new ArrayList<>())
                    .add(value);
        }
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        int shift = 0;
        byte next;
        do {
            next = in.get();
            value += (next & 0x7FL) << shift;
            shift += 7;
        } while (next < 0);
        return value;
    }

    boolean has(int field) {
        return fields.containsKey(field);
    }

    Object one(int field) {
        if (!has(field) || fields.get(field).size() != 1) {
            throw new AssertionError("field " + field + " of " + fields.keySet());
        }
        return fields.get(field).getFirst();
    }

    String text(int field) {
        return new String((byte[]) one(field), StandardCharsets.UTF_8);
    }

    ProtoParser message(int field) {
        return new ProtoParser((byte[]) one(field));
    }

    List<ProtoParser> messages(int field) {
        return fields.getOrDefault(field, List.of()).stream()
                .map(bytes -> new ProtoParser((byte[]) bytes))
                .toList();
    }

    double[] doubles(int field) {
        ByteBuffer in = ByteBuffer.wrap((byte[]) one(field)).order(ByteOrder.LITTLE_ENDIAN);
        double[] values = new double[in.remaining() / 8];
        in.asDoubleBuffer().get(values);
        return values;
    }

    /** The payloads of a TFRecord file; every CRC must be right and no byte left over. */
    static List<ProtoParser> records(byte[] file) {
        List<ProtoParser> events = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            byte[] head = new byte[8];
            in.get(head);
            check(in.getInt(), head);
            byte[] event = new byte
                    [(int) ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong()];
            in.get(event);
            check(in.getInt(), event);
            events.add(new ProtoParser(event));
        }
        return events;
    }

    private static void check(int stored, byte[] bytes) {
        int crc = ~0;
        for (byte next : bytes) {
            crc ^= next & 0xFF;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc >>> 1) ^ ((crc & 1) == 0 ? 0 : 0x82F63B78);
            }
        }
        crc = ~crc;
        int masked = ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
        if (stored != masked) {
            throw new AssertionError("CRC " + Integer.toHexString(stored) + ", not " + Integer.toHexString(masked));
        }
    }
}
