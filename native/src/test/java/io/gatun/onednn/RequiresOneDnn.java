package io.gatun.onednn;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips, saying why, on platforms for which no oneDNN is shipped; where one is, a failure to load it is a failure. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresOneDnn.Platform.class)
@interface RequiresOneDnn {
    /** The condition behind the annotation. */
    final class Platform implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
            if (platform.equals("Linux amd64")) {
                return ConditionEvaluationResult.enabled(platform);
            }
            return ConditionEvaluationResult.disabled(
                    "no oneDNN is shipped for " + platform + ": its kernels are NOT tested here");
        }
    }
}
