package io.gatun.perf.train;

import io.gatun.nn.data.CharText;
import io.gatun.nn.train.Trainer;
import java.io.PrintWriter;
import java.util.Locale;

/** What the models of characters say of their data and of their result. */
final class TextLines {
    private TextLines() {}

    /** The text in one phrase. */
    static String data(String source, CharText text) {
        return String.format(
                Locale.ROOT,
                "%s: %,d characters to learn from, %,d to test on, %d different; unigram entropy %.3f nats",
                source,
                text.train().length,
                text.test().length,
                text.vocabulary().size(),
                text.unigramEntropy());
    }

    /** The loss beside that of a guess by letters alone, and the speed. */
    static void result(PrintWriter out, Trainer.Summary summary, CharText text, double tokensPerSecond) {
        out.printf(
                Locale.ROOT,
                "result      test loss %.3f nats a character, unigram entropy %.3f; %.0f tokens/s, %.0f s%n",
                summary.test().loss(),
                text.unigramEntropy(),
                tokensPerSecond,
                summary.seconds());
    }
}
