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
 * For tests of the CUDA backend that need the emulator, because they inject faults, count calls or rely on guard pages:
 * builds it and points {@code -Dgatun.cuda.path} at it before anything of the class runs. Skips, saying why in one loud
 * line, where there is no g++, and with {@code -Dgatun.test.cuda=device}, where a GPU was asked for; where there is a g++, a
 * failure to build is a failure. Tests that a GPU passes too say {@link RequiresCuda}.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresEmulation.Built.class)
public @interface RequiresEmulation {
    /** Whether the fake cuBLASLt and cuDNN come before Gatun's own kernels, which are alone otherwise. */
    boolean vendor() default false;

    /** The condition behind the annotation. */
    final class Built implements ExecutionCondition, BeforeAllCallback, AfterAllCallback {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return evaluate();
        }

        static ConditionEvaluationResult evaluate() {
            if (Emulation.onDevice()) {
                return ConditionEvaluationResult.disabled(Emulation.ONLY_EMULATED);
            }
            return Emulation.folder()
                    .map(folder -> ConditionEvaluationResult.enabled("emulated by " + folder))
                    .orElseGet(() -> ConditionEvaluationResult.disabled(Emulation.SKIPPED));
        }

        @Override
        public void beforeAll(ExtensionContext context) {
            if (context.getRequiredTestClass()
                    .getAnnotation(RequiresEmulation.class)
                    .vendor()) {
                Emulation.withVendor();
            }
        }

        @Override
        public void afterAll(ExtensionContext context) {
            Emulation.alone();
        }
    }
}
