package io.gatun.perf.bench;

import io.gatun.spec.Spec;

/** Two implementations gave different results: their times mean nothing. */
public final class DisagreementException extends RuntimeException {
    private static final long serialVersionUID = 1;

    DisagreementException(Spec spec, Entrant a, Entrant b, Agreement agreement) {
        super("'" + spec + "': " + a.plan().implementation() + " and "
                + b.plan().implementation() + " disagree by "
                + "%.1e".formatted(agreement.worst()) + " (allowed " + Agreement.TOLERANCE + ") in "
                + agreement.operand() + " at element " + agreement.element());
    }
}
