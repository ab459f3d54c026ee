package io.gatun.nn.data.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a text into words: every match of a pattern is one, what lies between is dropped. Immutable and thread-safe.
 *
 * @param pattern of a word; must not match nothing
 * @param lowerCase whether words are lower-cased (by no country's rules)
 */
public record WordTokenizer(Pattern pattern, boolean lowerCase) {
    /** Whatever stands between white space. */
    public static final WordTokenizer WHITESPACE = new WordTokenizer(Pattern.compile("\\S+"), false);

    /** Runs of letters, digits and apostrophes, and every other sign by itself; lower case. */
    public static final WordTokenizer WORDS =
            new WordTokenizer(Pattern.compile("[\\p{L}\\p{M}\\p{N}']+|[^\\s\\p{L}\\p{M}\\p{N}']"), true);

    /** @throws IllegalArgumentException when the pattern matches the empty text */
    public WordTokenizer {
        if (pattern.matcher("").matches()) {
            throw new IllegalArgumentException(
                    "word pattern " + pattern + " matches nothing, so a text has no end of words");
        }
    }

    /** The words in order. */
    public List<String> words(CharSequence text) {
        List<String> words = new ArrayList<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            String word = matcher.group();
            if (!word.isEmpty()) {
                words.add(lowerCase ? word.toLowerCase(Locale.ROOT) : word);
            }
        }
        return words;
    }
}
