package io.gatun.perf.suite;

import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * All problems of the regression suite. A new kernel family is in it as soon as one of the lists has a line of it: the
 * benchmarks, the saved results, the comparison and the tables go by the line.
 */
public final class Suite {
    private Suite() {}

    /** In the order of the nets. */
    public static List<Problem> all() {
        List<Problem> all = new ArrayList<>(ProductProblems.ALL);
        all.addAll(ResNet20Problems.ALL);
        all.addAll(ImageNetProblems.ALL);
        all.addAll(SequenceProblems.ALL);
        return all;
    }

    /** At least one of every kernel family, and three training steps. */
    public static List<Problem> quick() {
        return all().stream().filter(Problem::quick).toList();
    }

    /** The quick selection's kernels. */
    public static List<Spec> quickSpecs() {
        return quick().stream()
                .map(Problem::line)
                .filter(line -> !Problem.isStep(line))
                .map(Spec::parse)
                .toList();
    }

    /**
     * Problems whose net and line match one of some regular expressions anywhere, in either case.
     *
     * @throws IllegalArgumentException for a bad expression, and for those that nothing matches
     */
    public static List<Problem> matching(List<String> expressions) {
        List<Pattern> patterns = expressions.stream().map(Suite::pattern).toList();
        List<Problem> found = all().stream()
                .filter(problem -> patterns.stream()
                        .anyMatch(pattern -> pattern.matcher(problem.net() + ": " + problem.line())
                                .find()))
                .toList();
        if (found.isEmpty()) {
            throw new IllegalArgumentException("no benchmark matches '" + String.join("' or '", expressions)
                    + "'; gatun jmh --all --list names them all");
        }
        return found;
    }

    private static Pattern pattern(String expression) {
        try {
            return Pattern.compile(expression, Pattern.CASE_INSENSITIVE);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "'" + expression + "' is no regular expression: " + e.getDescription(), e);
        }
    }
}
