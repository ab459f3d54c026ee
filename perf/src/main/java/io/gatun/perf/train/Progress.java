package io.gatun.perf.train;

import io.gatun.nn.train.Callback;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;

/** A bar that moves on a terminal; a few plain lines where the output goes elsewhere. */
final class Progress implements Callback {
    private static final int WIDTH = 30;

    /** On a terminal not more often than this; a write costs as much as a small layer. */
    private static final long REFRESH_NANOS = 100_000_000;

    private final PrintWriter out;
    private final String unit;
    private final boolean terminal;
    private long shown;

    Progress(PrintWriter out, String unit) {
        this.out = out;
        this.unit = unit;
        Console console = System.console();
        this.terminal = console != null && console.isTerminal();
    }

    @Override
    public boolean onStep(StepReport r) {
        int done = r.batch() + 1;
        if (terminal) {
            long now = System.nanoTime();
            if (now - shown > REFRESH_NANOS || done == r.batches()) {
                shown = now;
                int filled = WIDTH * done / r.batches();
                out.print("\r" + line(r, done) + "  [" + "=".repeat(filled) + " ".repeat(WIDTH - filled) + "]");
                out.flush();
            }
        } else if (done % Math.max(1, r.batches() / 4) == 0 && done < r.batches()) {
            out.println(line(r, done));
        }
        return true;
    }

    private String line(StepReport r, int done) {
        return String.format(
                Locale.ROOT,
                "epoch %d/%d  batch %d/%d  loss %.4f  %.0f %s/s",
                r.epoch() + 1,
                r.epochs(),
                done,
                r.batches(),
                r.loss(),
                r.itemsPerSecond(),
                unit);
    }

    @Override
    public boolean onEpoch(EpochReport r) {
        String accuracy = Double.isNaN(r.test().accuracy())
                ? ""
                : String.format(
                        Locale.ROOT, "  test accuracy %.2f %%", 100 * r.test().accuracy());
        out.println((terminal ? "\r\u001b[K" : "")
                + String.format(
                        Locale.ROOT,
                        "epoch %d/%d  loss %.4f  test loss %.4f%s  %.0f %s/s  %.0f s",
                        r.epoch() + 1,
                        r.epochs(),
                        r.trainLoss(),
                        r.test().loss(),
                        accuracy,
                        r.itemsPerSecond(),
                        unit,
                        r.seconds()));
        return true;
    }
}
