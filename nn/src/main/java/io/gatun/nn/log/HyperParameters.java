package io.gatun.nn.log;

import java.util.List;
import java.util.Map;

/** The messages of TensorBoard's hparams plugin (its api.proto and plugin_data.proto). */
final class HyperParameters {
    private static final int STRING = 1;
    private static final int BOOL = 2;
    private static final int FLOAT64 = 3;

    private HyperParameters() {}

    /** Experiment: what settings and metrics there are. */
    static Proto experiment(Map<String, ?> settings, List<String> metrics, double now) {
        Proto experiment = new Proto().real(3, now);
        settings.forEach(
                (name, value) -> experiment.message(4, new Proto().text(1, name).number(4, type(value))));
        for (String tag : metrics) {
            experiment.message(5, new Proto().message(1, new Proto().text(2, tag)));
        }
        return experiment;
    }

    /** SessionStartInfo: the settings' values, a map of google.protobuf.Value. */
    static Proto sessionStart(Map<String, ?> settings, double now) {
        Proto start = new Proto();
        settings.forEach(
                (name, value) -> start.message(1, new Proto().text(1, name).message(2, of(value))));
        return start.real(5, now);
    }

    private static int type(Object value) {
        return switch (value) {
            case Number number -> FLOAT64;
            case Boolean flag -> BOOL;
            default -> STRING;
        };
    }

    private static Proto of(Object value) {
        return switch (value) {
            case Number number -> new Proto().real(2, number.doubleValue());
            case Boolean flag -> new Proto().number(4, flag ? 1 : 0);
            default -> new Proto().text(3, value.toString());
        };
    }
}
