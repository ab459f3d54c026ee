package io.gatun.cuda;

import java.util.function.UnaryOperator;

/** What the search for libraries is told by its surroundings; tests bring their own. Each answers null for unset. */
record Surroundings(UnaryOperator<String> property, UnaryOperator<String> environment) {
    static Surroundings ofProcess() {
        return new Surroundings(System::getProperty, System::getenv);
    }

    String environment(String name) {
        return said(environment.apply(name));
    }

    String path() {
        return said(property.apply("gatun.cuda.path"));
    }

    private static String said(String value) {
        return value == null || value.isBlank() ? null : value;
    }
}
