package io.gatun.nn.data.table;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/**
 * Sees whether the text that passes ends within quotes: then its last field swallowed the rest, which FastCSV takes as it
 * is. A quote opens a field at its start alone; one within a plain field, as of {@code 5" pipe}, is a character of it.
 */
final class QuoteWatcher extends FilterReader {
    private final char separator;
    private final char quote;
    private boolean atStart = true;
    private boolean open;

    /** The last character closed a field, or is the first half of a doubled quote. */
    private boolean closing;

    QuoteWatcher(Reader in, char separator, char quote) {
        super(in);
        this.separator = separator;
        this.quote = quote;
    }

    /** Whether a quote was opened and not closed. */
    boolean open() {
        return open;
    }

    private void see(char c) {
        boolean opens = c == quote && (atStart || closing);
        closing = open && c == quote;
        open = open ? c != quote : opens;
        atStart = !open && (c == separator || c == '\n' || c == '\r');
    }

    @Override
    public int read() throws IOException {
        int c = super.read();
        if (c >= 0) {
            see((char) c);
        }
        return c;
    }

    @Override
    public int read(char[] buffer, int offset, int length) throws IOException {
        int read = super.read(buffer, offset, length);
        for (int i = offset; i < offset + read; i++) {
            see(buffer[i]);
        }
        return read;
    }
}
