package io.gatun.nn.data.table;

import de.siegmar.fastcsv.reader.AbstractBaseCsvCallbackHandler;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.RecordType;
import io.gatun.nn.io.FormatException;
import io.gatun.nn.io.InputFile;
import java.io.IOException;
import java.io.PushbackReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** One pass over a CSV file: FastCSV splits it, this class bounds it and checks that each row has its columns. */
final class CsvRows {
    private static final int MAX_COLUMNS = 1 << 16;

    /** Characters of one field. */
    private static final int MAX_FIELD = 1 << 20;

    private final Csv format;
    private final Path file;
    private List<String> names;

    CsvRows(Csv format, Path file) {
        this.format = format;
        this.file = file;
    }

    List<String> read(Csv.RowReader reader) throws IOException {
        Fields fields = new Fields();
        boolean open;
        try (FileChannel channel = InputFile.open(file);
                QuoteWatcher text = new QuoteWatcher(decoded(channel), format.separator(), format.quote());
                CsvReader<Fields> csv = CsvReader.builder()
                        .fieldSeparator(format.separator())
                        .quoteCharacter(format.quote())
                        .skipEmptyLines(true)
                        .allowExtraFields(true)
                        .allowMissingFields(true)
                        .maxBufferSize(2 * MAX_FIELD)
                        .build(fields, text)) {
            csv.forEach(row -> {
                try {
                    take(row, reader);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            open = text.open();
        } catch (UncheckedIOException e) {
            throw broken(e.getCause(), fields);
        } catch (CsvParseException e) {
            if (e.getCause() instanceof UncheckedIOException io) {
                throw broken(io.getCause(), fields);
            }
            throw FormatException.atLine(file, fields.line, fields.count + 1, "the file is no CSV: " + reason(e), e);
        } catch (CharacterCodingException e) {
            throw broken(e, fields);
        }
        if (open) {
            throw FormatException.atLine(
                    file, fields.line, fields.count, "the file is no CSV: a quote is never closed", null);
        }
        if (names == null) {
            throw FormatException.atLine(file, 1, 0, "the file is empty, a CSV file has at least a line", null);
        }
        return names;
    }

    /** FastCSV's own words say the line alone; why is in what it wraps. */
    private static String reason(CsvParseException e) {
        return e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
    }

    /** Without a byte order mark; what is not UTF-8 throws. */
    private static Reader decoded(FileChannel channel) throws IOException {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        PushbackReader text = new PushbackReader(Channels.newReader(channel, decoder, 1 << 16));
        int first = text.read();
        if (first >= 0 && first != 0xFEFF) {
            text.unread(first);
        }
        return text;
    }

    private IOException broken(IOException cause, Fields fields) {
        return cause instanceof CharacterCodingException
                ? FormatException.atLine(file, fields.line, 0, "the file is not UTF-8 in or after this row", cause)
                : cause;
    }

    private void take(Fields row, Csv.RowReader reader) throws IOException {
        if (names == null) {
            names = format.header()
                    ? header(row)
                    : IntStream.range(0, row.count).mapToObj(c -> "c" + c).toList();
            if (format.header()) {
                return;
            }
        }
        if (row.count != names.size()) {
            throw FormatException.atLine(
                    file,
                    row.line,
                    Math.min(row.count, names.size()) + 1,
                    "the row has " + row.count + " fields, the first has " + names.size(),
                    null);
        }
        String[] fields = Arrays.copyOf(row.values, row.count);
        for (int c = 0; c < fields.length; c++) {
            if (format.missing().contains(fields[c])) {
                fields[c] = null;
            }
        }
        reader.row(row.line, fields);
    }

    private List<String> header(Fields row) throws FormatException {
        Set<String> seen = new HashSet<>();
        for (int c = 0; c < row.count; c++) {
            if (row.values[c].isBlank() || !seen.add(row.values[c])) {
                throw FormatException.atLine(
                        file,
                        row.line,
                        c + 1,
                        "the column name \"" + row.values[c] + "\" is empty or a repetition",
                        null);
            }
        }
        return List.of(Arrays.copyOf(row.values, row.count));
    }

    /** The row that is being read. */
    private final class Fields extends AbstractBaseCsvCallbackHandler<Fields> {
        private String[] values = new String[16];
        private int count;
        private long line = 1;

        @Override
        protected void handleBegin(long startingLineNumber) {
            line = startingLineNumber;
            count = 0;
        }

        @Override
        protected void handleField(int index, char[] buffer, int offset, int length, boolean quoted) {
            if (index >= MAX_COLUMNS || length > MAX_FIELD) {
                throw new UncheckedIOException(FormatException.atLine(
                        file,
                        line,
                        index + 1,
                        index >= MAX_COLUMNS
                                ? "the row has more than " + MAX_COLUMNS + " fields"
                                : "the field has " + length + " characters, the limit is " + MAX_FIELD,
                        null));
            }
            if (index == values.length) {
                values = Arrays.copyOf(values, 2 * index);
            }
            values[index] = new String(buffer, offset, length);
            count = index + 1;
        }

        @Override
        protected void handleEmpty() {
            values[0] = "";
            count = 1;
        }

        @Override
        protected Fields buildRecord() {
            return this;
        }

        @Override
        public RecordType getRecordType() {
            return super.getRecordType();
        }
    }
}
