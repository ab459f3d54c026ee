package io.gatun.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * For tests that need the CUDA backend: builds the emulator and points {@code -Dgatun.cuda.path} at it before anything of
 * the class runs. Skips, saying why in one loud line, where there is no g++; where there is one, a failure to build is a
 * failure.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresEmulation.Built.class)
public @interface RequiresEmulation {
    /** The condition behind the annotation. */
    final class Built implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return Emulation.folder()
                    .map(folder -> ConditionEvaluationResult.enabled("emulated by " + folder))
                    .orElseGet(() -> ConditionEvaluationResult.disabled(Emulation.SKIPPED));
        }
    }
}
