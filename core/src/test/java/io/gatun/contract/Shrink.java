package io.gatun.contract;

import io.gatun.spec.Spec;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Halves every number of a failing spec as long as the smaller one fails too. */
final class Shrink {
    private static final Pattern SIZE = Pattern.compile("(?<=[=x])\\d+(?=[ x]|$)");

    private Shrink() {}

    static Spec smallest(Spec failing, Predicate<Spec> fails) {
        Spec smallest = failing;
        boolean smaller = true;
        while (smaller) {
            smaller = false;
            String line = smallest.toString();
            Matcher sizes = SIZE.matcher(line);
            while (sizes.find() && !smaller) {
                int size = Integer.parseInt(sizes.group());
                if (size > 1) {
                    Spec candidate = parse(line.substring(0, sizes.start()) + size / 2 + line.substring(sizes.end()));
                    if (candidate != null && fails.test(candidate)) {
                        smallest = candidate;
                        smaller = true;
                    }
                }
            }
        }
        return smallest;
    }

    private static Spec parse(String line) {
        try {
            return Spec.parse(line);
        } catch (IllegalArgumentException e) {
            return null; // this size cannot be halved alone
        }
    }
}
