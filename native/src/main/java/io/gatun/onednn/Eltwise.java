package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.spec.Activation;

/**
 * An activation in oneDNN's terms: algorithm kinds and parameters.
 *
 * @param backward the kind whose backward reads dst where ours does, else the same as {@code forward}
 */
record Eltwise(int forward, int backward, float alpha, float beta) {
    static Eltwise linear(float scale) {
        return new Eltwise(Dnnl.dnnl_eltwise_linear(), Dnnl.dnnl_eltwise_linear(), scale, 0);
    }

    static Eltwise of(Activation activation) {
        float alpha = activation.alpha();
        return switch (activation.kind()) {
            case IDENTITY -> linear(1);
            case RELU -> throw new Refusal("oneDNN's relu gives 0 for NaN");
            case LEAKY_RELU -> new Eltwise(Dnnl.dnnl_eltwise_relu(), Dnnl.dnnl_eltwise_relu(), alpha, 0);
            case SIGMOID ->
                new Eltwise(Dnnl.dnnl_eltwise_logistic(), Dnnl.dnnl_eltwise_logistic_use_dst_for_bwd(), 0, 0);
            case TANH -> new Eltwise(Dnnl.dnnl_eltwise_tanh(), Dnnl.dnnl_eltwise_tanh_use_dst_for_bwd(), 0, 0);
            case GELU ->
                throw new Refusal("oneDNN's gelu is NaN at -Inf, Inf at 3.4e38 and 0 where gelu(x) is below 1e-24");
            case ELU -> new Eltwise(Dnnl.dnnl_eltwise_elu(), Dnnl.dnnl_eltwise_elu(), alpha, 0);
            // A new kind is refused until someone has compared oneDNN's with ours.
            default -> throw new Refusal("no eltwise of oneDNN is known to be " + activation);
        };
    }
}
