package io.gatun.cuda.vendor;

import io.gatun.bindings.cudnn.Cudnn;
import io.gatun.kernel.DType;
import io.gatun.memory.Owned;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;

/**
 * A convolution as a graph of cuDNN's: one operation, or forward with a bias and a ReLU up to three, between which numbers
 * stay float and in registers. cuDNN counts dimensions as N, C, H, W whatever the layout; the strides say that channels are
 * neighbours. Groups it sees from the channels of the filters.
 */
final class CudnnConvGraph {
    /** The numbers of tensors that lie nowhere; an operand's number is its index and 1. */
    private static final long SUMS = 100;

    private static final long BIASED = 101;

    private final Statuses statuses;
    private final Spec problem;
    private final ConvSpec conv;
    private final int alignment;
    private final Owned parts;
    private final List<CudnnDescriptor> operations = new ArrayList<>();

    /**
     * Of this problem, with its descriptors among the parts.
     *
     * @param problem with the types of the operands
     * @param conv the same in float, or what the problem is of
     * @param alignment what operands' addresses are multiples of, in bytes; each at least of its element
     */
    CudnnConvGraph(Statuses statuses, Spec problem, ConvSpec conv, int alignment, Owned parts) {
        this.statuses = statuses;
        this.problem = problem;
        this.conv = conv;
        this.alignment = alignment;
        this.parts = parts;
    }

    /** How many of the spec's operands take part, from the first: all but the gradient of a bias. */
    static int operands(ConvSpec conv) {
        return conv.direction() == ConvSpec.Direction.BACKWARD_WEIGHTS
                ? 3
                : conv.operands().size();
    }

    /** The finished graph. */
    CudnnDescriptor finish(CudnnTarget target) {
        switch (conv.direction()) {
            case FORWARD -> forward();
            case BACKWARD_DATA -> backwardData();
            case BACKWARD_WEIGHTS -> backwardWeights();
        }
        CudnnDescriptor graph = part(CudnnKind.OPERATION_GRAPH)
                .set(CudnnAttribute.GRAPH_OPS, operations.toArray(CudnnDescriptor[]::new));
        target.graph(graph);
        return finished(graph);
    }

    private void forward() {
        boolean relu = conv.activation().equals(Activation.RELU);
        int last = operands(conv) - 1;
        CudnnDescriptor dst = images(last, conv.oh(), conv.ow(), conv.oc());
        CudnnDescriptor sums = conv.bias() || relu ? between(SUMS) : dst;
        operations.add(finished(part(CudnnKind.CONVOLUTION_FORWARD)
                .set(CudnnAttribute.FORWARD_CONV_DESC, convolution())
                .set(CudnnAttribute.FORWARD_X, images(0, conv.h(), conv.w(), conv.ic()))
                .set(CudnnAttribute.FORWARD_W, filters(1))
                .set(CudnnAttribute.FORWARD_Y, sums)
                .setFloat(CudnnAttribute.FORWARD_ALPHA, 1)
                .setFloat(CudnnAttribute.FORWARD_BETA, 0)));
        CudnnDescriptor biased = sums;
        if (conv.bias()) {
            biased = relu ? between(BIASED) : dst;
            CudnnDescriptor bias = operand(2, 1, 1, 1, conv.oc());
            operations.add(finished(part(CudnnKind.POINTWISE_OPERATION)
                    .set(CudnnAttribute.POINTWISE_DESCRIPTOR, pointwise(Cudnn.CUDNN_POINTWISE_ADD()))
                    .set(CudnnAttribute.POINTWISE_X, sums)
                    .set(CudnnAttribute.POINTWISE_B, bias)
                    .set(CudnnAttribute.POINTWISE_Y, biased)));
        }
        if (relu) {
            operations.add(finished(part(CudnnKind.POINTWISE_OPERATION)
                    .set(CudnnAttribute.POINTWISE_DESCRIPTOR, pointwise(Cudnn.CUDNN_POINTWISE_RELU_FWD()))
                    .set(CudnnAttribute.POINTWISE_X, biased)
                    .set(CudnnAttribute.POINTWISE_Y, dst)));
        }
    }

    private void backwardData() {
        operations.add(finished(part(CudnnKind.CONVOLUTION_DATA)
                .set(CudnnAttribute.DATA_CONV_DESC, convolution())
                .set(CudnnAttribute.DATA_DY, images(0, conv.oh(), conv.ow(), conv.oc()))
                .set(CudnnAttribute.DATA_W, filters(1))
                .set(CudnnAttribute.DATA_DX, images(2, conv.h(), conv.w(), conv.ic()))
                .setFloat(CudnnAttribute.DATA_ALPHA, 1)
                .setFloat(CudnnAttribute.DATA_BETA, 0)));
    }

    private void backwardWeights() {
        operations.add(finished(part(CudnnKind.CONVOLUTION_FILTER)
                .set(CudnnAttribute.FILTER_CONV_DESC, convolution())
                .set(CudnnAttribute.FILTER_X, images(0, conv.h(), conv.w(), conv.ic()))
                .set(CudnnAttribute.FILTER_DY, images(1, conv.oh(), conv.ow(), conv.oc()))
                .set(CudnnAttribute.FILTER_DW, filters(2))
                .setFloat(CudnnAttribute.FILTER_ALPHA, 1)
                .setFloat(CudnnAttribute.FILTER_BETA, 0)));
    }

    private CudnnDescriptor convolution() {
        return finished(part(CudnnKind.CONVOLUTION)
                .set(CudnnAttribute.CONVOLUTION_COMP_TYPE, Cudnn.CUDNN_DATA_FLOAT())
                .set(CudnnAttribute.CONVOLUTION_CONV_MODE, Cudnn.CUDNN_CROSS_CORRELATION())
                .set(CudnnAttribute.CONVOLUTION_SPATIAL_DIMS, 2)
                .set(CudnnAttribute.CONVOLUTION_DILATIONS, conv.dh(), conv.dw())
                .set(CudnnAttribute.CONVOLUTION_FILTER_STRIDES, conv.sh(), conv.sw())
                .set(CudnnAttribute.CONVOLUTION_PRE_PADDINGS, conv.ph(), conv.pw())
                .set(CudnnAttribute.CONVOLUTION_POST_PADDINGS, conv.pb(), conv.pr()));
    }

    private CudnnDescriptor pointwise(int mode) {
        CudnnDescriptor pointwise = part(CudnnKind.POINTWISE)
                .set(CudnnAttribute.POINTWISE_MODE_OF, mode)
                .set(CudnnAttribute.POINTWISE_MATH_PREC, Cudnn.CUDNN_DATA_FLOAT());
        if (mode == Cudnn.CUDNN_POINTWISE_RELU_FWD()) {
            pointwise.set(CudnnAttribute.POINTWISE_NAN_PROPAGATION, Cudnn.CUDNN_PROPAGATE_NAN());
        }
        return finished(pointwise);
    }

    private CudnnDescriptor images(int index, int h, int w, int c) {
        return operand(index, conv.n(), h, w, c);
    }

    private CudnnDescriptor filters(int index) {
        return operand(index, conv.oc(), conv.kh(), conv.kw(), conv.ic() / conv.groups());
    }

    private CudnnDescriptor operand(int index, int n, int h, int w, int c) {
        return tensor(index + 1, problem.operands().get(index).type(), n, h, w, c, false);
    }

    /** What one operation hands to the next. */
    private CudnnDescriptor between(long number) {
        return tensor(number, DType.F32, conv.n(), conv.oh(), conv.ow(), conv.oc(), true);
    }

    /** Of [n, h, w, c] in memory. */
    private CudnnDescriptor tensor(long number, DType type, long n, long h, long w, long c, boolean virtual) {
        return finished(part(CudnnKind.TENSOR)
                .set(CudnnAttribute.TENSOR_UNIQUE_ID, number)
                .set(CudnnAttribute.TENSOR_DATA_TYPE, number(type))
                .set(CudnnAttribute.TENSOR_BYTE_ALIGNMENT, Math.max(alignment, type.bytes()))
                .set(CudnnAttribute.TENSOR_DIMENSIONS, n, c, h, w)
                .set(CudnnAttribute.TENSOR_STRIDES, h * w * c, 1, w * c, c)
                .set(CudnnAttribute.TENSOR_IS_VIRTUAL, virtual ? 1 : 0));
    }

    private static int number(DType type) {
        return switch (type) {
            case F32 -> Cudnn.CUDNN_DATA_FLOAT();
            case BF16 -> Cudnn.CUDNN_DATA_BFLOAT16();
            case F16 -> Cudnn.CUDNN_DATA_HALF();
            default -> throw new IllegalArgumentException("no convolution of " + type.word());
        };
    }

    private CudnnDescriptor part(CudnnKind kind) {
        return parts.add(new CudnnDescriptor(statuses, problem, kind));
    }

    private static CudnnDescriptor finished(CudnnDescriptor descriptor) {
        String refusal = descriptor.finishOrRefusal();
        if (refusal != null) {
            throw new Refusal("cuDNN refuses the " + descriptor + ": " + refusal);
        }
        return descriptor;
    }
}
