package io.gatun.nn.data.table;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/**
 * Counts the quotes that pass. In RFC 4180 they come in pairs, around a field or doubled in one, so an odd number at the
 * end of a file means that its last field swallowed the rest; FastCSV takes such a field as it is.
 */
final class QuoteCounter extends FilterReader {
    private final char quote;
    private long quotes;

    QuoteCounter(Reader in, char quote) {
        super(in);
        this.quote = quote;
    }

    long quotes() {
        return quotes;
    }

    @Override
    public int read() throws IOException {
        int c = super.read();
        quotes += c == quote ? 1 : 0;
        return c;
    }

    @Override
    public int read(char[] buffer, int offset, int length) throws IOException {
        int read = super.read(buffer, offset, length);
        for (int i = offset; i < offset + read; i++) {
            quotes += buffer[i] == quote ? 1 : 0;
        }
        return read;
    }
}
