package io.gatun.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * For tests of what both a GPU and the emulator must do. They run as {@link RequiresEmulation} says, or on the GPU of this
 * machine with {@code -Dgatun.test.cuda=device}; where there is none then, they fail.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresCuda.Found.class)
public @interface RequiresCuda {
    /** Whether NVIDIA's libraries come before Gatun's own kernels, which are alone otherwise: the fakes, or a GPU's own. */
    boolean vendor() default false;

    /** The condition behind the annotation. */
    final class Found implements ExecutionCondition, BeforeAllCallback, AfterAllCallback {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return Emulation.onDevice()
                    ? ConditionEvaluationResult.enabled("a GPU was asked for")
                    : RequiresEmulation.Built.evaluate();
        }

        @Override
        public void beforeAll(ExtensionContext context) {
            if (context.getRequiredTestClass().getAnnotation(RequiresCuda.class).vendor()) {
                Emulation.withVendor();
            }
        }

        @Override
        public void afterAll(ExtensionContext context) {
            Emulation.alone();
        }
    }
}
