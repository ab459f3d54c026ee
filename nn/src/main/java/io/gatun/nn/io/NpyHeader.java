package io.gatun.nn.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * What a {@code .npy} file says before its elements: magic {@code \x93NUMPY}, version, length of the text (2 bytes in
 * version 1, 4 in 2 and 3), and the text, a Python dictionary of {@code descr}, {@code fortran_order} and
 * {@code shape}. Source: numpy.lib.format. Only the literals that those three can be are understood; nothing is
 * evaluated.
 *
 * @param type element type
 * @param order byte order of the elements
 * @param fortran first axis fastest
 * @param shape dimensions, each at least 0
 * @param dataStart byte of the file where the elements begin
 */
record NpyHeader(TensorType type, ByteOrder order, boolean fortran, long[] shape, int dataStart) {
    /** Magic, version and the longer of the two length fields. */
    static final int MAX_PREFIX = 12;

    /** NumPy itself reads no header above 10,000 bytes unless told to; a shape of 64 dimensions needs 1,300. */
    private static final int MAX_TEXT = 1 << 16;

    /** NumPy 2's greatest rank. */
    private static final int MAX_RANK = 64;

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

    /** Bytes of the file up to the elements, from its first {@link #MAX_PREFIX} bytes (fewer if it has no more). */
    static int length(byte[] prefix, Path file, String where) throws FormatException {
        if (prefix.length < MAGIC.length || !Arrays.equals(prefix, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new FormatException(file, 0, where + "is no .npy: it does not start with \\x93NUMPY");
        }
        int major = prefix.length > 6 ? prefix[6] : -1;
        if (major < 1 || major > 3) {
            throw new FormatException(file, 6, where + "has .npy version " + major + ", known are 1, 2 and 3");
        }
        int start = major == 1 ? 10 : 12;
        if (prefix.length < start) {
            throw new FormatException(file, prefix.length, where + "is truncated within the .npy header");
        }
        ByteBuffer fields = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN);
        long text = major == 1 ? fields.getShort(8) & 0xFFFF : fields.getInt(8) & 0xFFFFFFFFL;
        if (text > MAX_TEXT) {
            throw new FormatException(
                    file, 8, where + "has a .npy header of " + text + " bytes, the limit is " + MAX_TEXT);
        }
        return start + (int) text;
    }

    /** Parses the first {@code length} bytes of the file. */
    static NpyHeader parse(byte[] bytes, Path file, String where) throws FormatException {
        int start = bytes[6] == 1 ? 10 : 12;
        String text = new String(bytes, start, bytes.length - start, StandardCharsets.ISO_8859_1);
        return new Parser(text, start, file, where).dictionary(bytes.length);
    }

    /** Bytes of the elements. */
    long bytes() {
        return type.bytes(shape);
    }

    /** The header of a new file, version 1.0, padded so that the elements begin at a multiple of 64 bytes. */
    static byte[] write(TensorType type, ByteOrder order, boolean fortran, long... shape) {
        StringBuilder tuple = new StringBuilder();
        for (long dimension : shape) {
            tuple.append(dimension).append(", ");
        }
        if (shape.length > 1) {
            tuple.setLength(tuple.length() - 2);
        } else if (shape.length == 1) {
            tuple.setLength(tuple.length() - 1);
        }
        String text = "{'descr': '" + descr(type, order) + "', 'fortran_order': " + (fortran ? "True" : "False")
                + ", 'shape': (" + tuple + "), }";
        int length = (10 + text.length() + 1 + 63) / 64 * 64;
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) (length - 10));
        bytes.put(text.getBytes(StandardCharsets.ISO_8859_1));
        while (bytes.remaining() > 1) {
            bytes.put((byte) ' ');
        }
        return bytes.put((byte) '\n').array();
    }

    private static String descr(TensorType type, ByteOrder order) {
        String code = code(type);
        return (type.bytes() == 1 ? "|" : order == ByteOrder.LITTLE_ENDIAN ? "<" : ">") + code;
    }

    private static String code(TensorType type) {
        return switch (type) {
            case BOOL -> "b1";
            case U8 -> "u1";
            case I8 -> "i1";
            case I16 -> "i2";
            case U16 -> "u2";
            case F16 -> "f2";
            case I32 -> "i4";
            case U32 -> "u4";
            case F32 -> "f4";
            case I64 -> "i8";
            case U64 -> "u8";
            case F64 -> "f8";
            case BF16 -> throw new IllegalArgumentException(".npy has no bfloat16: write float32 instead");
        };
    }

    /** A reader of the one dictionary, character by character. */
    private static final class Parser {
        private final String text;
        private final int start;
        private final Path file;
        private final String where;
        private int at;

        Parser(String text, int start, Path file, String where) {
            this.text = text;
            this.start = start;
            this.file = file;
            this.where = where;
        }

        NpyHeader dictionary(int dataStart) throws FormatException {
            String descr = null;
            Boolean fortran = null;
            long[] shape = null;
            Set<String> seen = new HashSet<>();
            expect('{');
            while (!accept('}')) {
                String key = string();
                if (!seen.add(key)) {
                    throw broken("names '" + key + "' twice");
                }
                expect(':');
                switch (key) {
                    case "descr" -> descr = descr();
                    case "fortran_order" -> fortran = bool();
                    case "shape" -> shape = tuple();
                    default -> throw broken("has the unknown key '" + key + "'");
                }
                if (!accept(',')) {
                    expect('}');
                    break;
                }
            }
            skipSpace();
            if (at < text.length()) {
                throw broken("goes on after its '}'");
            }
            if (descr == null || fortran == null || shape == null) {
                throw broken("needs descr, fortran_order and shape");
            }
            TensorType type = type(descr);
            try {
                type.bytes(shape);
            } catch (ArithmeticException e) {
                throw broken("has the shape " + Arrays.toString(shape) + ", whose size overflows");
            }
            return new NpyHeader(type, order(descr), fortran, shape, dataStart);
        }

        private String descr() throws FormatException {
            skipSpace();
            if (at < text.length() && text.charAt(at) == '[') {
                throw broken("describes records: save each field as an array of its own");
            }
            return string();
        }

        private TensorType type(String descr) throws FormatException {
            String code = descr.isEmpty() || "<>=|".indexOf(descr.charAt(0)) < 0 ? descr : descr.substring(1);
            if (code.startsWith("O")) {
                throw broken("describes Python objects, which are pickled code and never read");
            }
            for (TensorType type : TensorType.values()) {
                if (type != TensorType.BF16 && code(type).equals(code)) {
                    if (type.bytes() > 1 && descr.startsWith("|")) {
                        throw broken("has dtype '" + descr + "' without a byte order");
                    }
                    return type;
                }
            }
            throw broken("has dtype '" + descr + "', known are b1, i1 to i8, u1 to u8, f2, f4, f8");
        }

        private static ByteOrder order(String descr) {
            return switch (descr.charAt(0)) {
                case '>' -> ByteOrder.BIG_ENDIAN;
                case '<', '|' -> ByteOrder.LITTLE_ENDIAN;
                default -> ByteOrder.nativeOrder();
            };
        }

        private String string() throws FormatException {
            skipSpace();
            char quote = at < text.length() ? text.charAt(at) : 0;
            int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
            if (end < 0) {
                throw broken("lacks a quoted string");
            }
            String found = text.substring(at + 1, end);
            at = end + 1;
            return found;
        }

        private boolean bool() throws FormatException {
            skipSpace();
            for (String word : new String[] {"True", "False"}) {
                if (text.startsWith(word, at)) {
                    at += word.length();
                    return word.equals("True");
                }
            }
            throw broken("has a fortran_order that is neither True nor False");
        }

        private long[] tuple() throws FormatException {
            expect('(');
            long[] dimensions = new long[MAX_RANK];
            int rank = 0;
            while (!accept(')')) {
                if (rank == MAX_RANK) {
                    throw broken("has a shape of more than " + MAX_RANK + " dimensions");
                }
                dimensions[rank++] = dimension();
                if (!accept(',')) {
                    expect(')');
                    break;
                }
            }
            return Arrays.copyOf(dimensions, rank);
        }

        private long dimension() throws FormatException {
            skipSpace();
            int from = at;
            while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
                at++;
            }
            if (from == at || at - from > 19) {
                throw broken("has a dimension that is no number from 0 to 2^63 - 1");
            }
            try {
                long dimension = Long.parseLong(text, from, at, 10);
                // Python 2 wrote 3L.
                accept('L');
                return dimension;
            } catch (NumberFormatException e) {
                throw broken("has a dimension above 2^63 - 1");
            }
        }

        private void expect(char wanted) throws FormatException {
            if (!accept(wanted)) {
                throw broken("lacks a '" + wanted + "'");
            }
        }

        private boolean accept(char wanted) {
            skipSpace();
            if (at < text.length() && text.charAt(at) == wanted) {
                at++;
                return true;
            }
            return false;
        }

        private void skipSpace() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private FormatException broken(String problem) {
            return new FormatException(file, start + at, where + "has a .npy header that " + problem);
        }
    }

    @Override
    public long[] shape() {
        return shape.clone();
    }
}
