package io.gatun.nn.data.table;

/** Decimal numbers as data files have them; not Java's "1f", "0x1p3" or "1_000", which are names somewhere. */
final class Numbers {
    private Numbers() {}

    static boolean isNumber(String field) {
        String text = field.strip();
        if (isInfinity(text)) {
            return true;
        }
        int at = sign(text, 0);
        int digits = digits(text, at);
        int end = at + digits;
        if (end < text.length() && text.charAt(end) == '.') {
            int fraction = digits(text, end + 1);
            digits += fraction;
            end += 1 + fraction;
        }
        if (digits == 0) {
            return false;
        }
        if (end < text.length() && (text.charAt(end) == 'e' || text.charAt(end) == 'E')) {
            int exponent = sign(text, end + 1);
            int count = digits(text, exponent);
            return count > 0 && exponent + count == text.length();
        }
        return end == text.length();
    }

    /** Of a field that {@link #isNumber}. */
    static double parse(String field) {
        String text = field.strip();
        if (isInfinity(text)) {
            return text.charAt(0) == '-' ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        return Double.parseDouble(text);
    }

    private static boolean isInfinity(String text) {
        String word = text.substring(sign(text, 0));
        return word.equals("inf") || word.equals("Inf") || word.equals("Infinity");
    }

    private static int sign(String text, int at) {
        return at < text.length() && (text.charAt(at) == '-' || text.charAt(at) == '+') ? at + 1 : at;
    }

    private static int digits(String text, int from) {
        int at = from;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        return at - from;
    }
}
