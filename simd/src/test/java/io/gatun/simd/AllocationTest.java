package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A warm kernel allocates nothing: a vector that C2 failed to keep in a register would show as megabytes here. */
@Tag("fresh")
class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Bytes a run that the measurement itself and late compilation may cost; one boxed vector a piece is far more. */
    private static final long NOISE = 256;

    /** A loaded machine keeps C2 waiting; a kernel that boxes for ever is still caught. */
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    /** Of runs between two looks: a loop that is interpreted and boxes takes a hundred times as long as it will. */
    private static final long ROUND_NANOS = 20_000_000;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "activation f32 forward act=relu count=65537",
                "activation f32 forward act=gelu count=65537",
                "activation f32 backward act=gelu count=65537",
                "activation f32 forward act=tanh count=65537",
                "activation f32 backward act=elu:1.0 count=65537",
                "activation f32 forward act=silu count=65537",
                "activation f32 backward act=silu count=65537",
                "activation f32 forward act=softplus count=65537",
                "activation f32 forward act=log count=65537",
                "activation f32 backward act=clamp:1.1:1.5 count=65537",
                "softmax f32 forward rows=128 cols=1000",
                "softmax f32 forward rows=1000 cols=128",
                "softmax f32 forward log_softmax rows=70 cols=130",
                "softmax f32 forward rows=3 cols=5003",
                "crossentropy f32 gradient rows=128 cols=1000",
                "crossentropy f32 weighted gradient rows=128 cols=1000 smoothing=0.1",
                "loss f32 huber mean gradient cols=65537 a=1.0",
                "loss f32 bce_with_logits mean weighted gradient rows=6554 cols=10",
                "loss f32 bce mean gradient cols=65537",
                "loss f32 msle mean gradient cols=65537",
                "loss f32 kl_div_log mean gradient cols=65537",
                "loss f32 soft_margin mean gradient cols=65537",
                "loss f32 focal mean gradient cols=65537 a=2.0 b=0.25",
                "penalty f32 count=65537 l1=0.1 l2=0.1",
                "dropout f32 count=65537",
                "batchnorm f32 training residual relu rows=4096 c=16",
                "batchnorm f32 backward residual relu rows=4096 c=16",
                "batchnorm f32 training relu rows=784 c=512",
                "batchnorm f32 backward relu rows=784 c=512",
                "groupnorm f32 training affine n=300 c=250",
                "groupnorm f32 training n=300 c=250",
                "groupnorm f32 training affine n=60 c=1250",
                "groupnorm f32 backward affine n=300 c=250",
                "groupnorm f32 backward n=300 c=250",
                "groupnorm f32 training affine n=4 hw=260 c=48 g=6",
                "groupnorm f32 backward affine n=4 hw=260 c=48 g=6",
                "adaptivepool f32 forward max n=4 h=20 w=20 c=70 oh=7 ow=7",
                "pool f32 forward max n=4 h=16 w=16 c=64 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
                "pool f32 backward max n=4 h=16 w=16 c=64 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
                "pool f32 forward max n=4 h=16 w=16 c=86 kh=2 kw=2",
                "pool f32 backward max n=4 h=16 w=16 c=86 kh=2 kw=2",
                "pool f32 backward max n=4 h=16 w=16 c=70 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
                "pool f32 backward avg n=4 h=16 w=16 c=70 kh=8 kw=8",
                "pool f32 forward avg n=4 h=16 w=16 c=86 kh=2 kw=2",
                "pool f32 backward avg_pad n=4 h=16 w=16 c=86 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
                "quantize f32 count=65537",
                "quantizedconv f32 forward bias n=1 h=70 w=1 ic=600 oc=70 kh=1 kw=1 act=relu",
                "quantizedconv f32 forward n=2 h=9 w=9 ic=30 oc=40 kh=3 kw=3 ph=1 pw=1",
                "where f32 one_a count=65537",
                "where f32 count=65537",
                "binary f32 max none rows=1 cols=65537",
                "binary f32 share row rows=300 cols=70",
                "prelu f32 forward rows=300 cols=70",
                "prelu f32 backward rows=300 cols=70",
                "permute f32 shape=257x251 perm=1,0",
                "copy f32 shape=300x70 src=71,1 dst=140,1",
                "copy f32 add shape=300x70 src=0,1 dst=71,1",
                "permute f32 shape=1100x251 perm=1,0",
                "embedding f32 backward vocabulary=300 dim=130 count=300",
                "embedding f32 backward vocabulary=30 dim=130 count=300",
                "permute f32 shape=8x60x10x20 perm=0,2,1,3",
                "reduce f32 sum shape=16x70x7x7 axes=0,2,3",
                "reduce f32 mean shape=16x300x70 axes=1",
                "adamw f32 count=65537",
                "adam f32 amsgrad count=65537 decay=0.1 clip=0.5",
                "adagrad f32 count=65537 decay=0.1 clip=0.5",
                "rmsprop f32 centered inside count=65537 momentum=0.9 decay=0.1 clip=0.5",
                "lerp f32 count=65537",
                "sgd f32 count=65537 momentum=0.9",
                "sgd f32 nesterov count=65537 decayed=40000 momentum=0.9 decay=0.1 clip=0.5",
                "gemm f32 m=256 n=256 k=256",
                "gemm f32 bias m=300 n=310 k=700 act=relu",
                "gemm f32 tb bias m=70 n=10 k=400",
                "gemm f32 tb m=120 n=130 k=600 beta=1.0",
                "lstm f32 training t=4 b=8 i=32 h=48",
                "conv f32 backward_data n=2 h=16 w=16 ic=32 oc=64 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
                "conv f32 forward bias n=2 h=16 w=16 ic=3 oc=16 kh=3 kw=3 ph=1 pw=1 act=gelu",
                "lstm f32 training t=4 b=8 i=30 h=45",
                "lstm f32 backward t=4 b=8 i=30 h=45",
                "gru f32 training t=4 b=8 i=32 h=48",
                "gru f32 training t=4 b=8 i=30 h=45",
                "gru f32 backward t=4 b=8 i=30 h=45",
                "rnn f32 training t=4 b=8 i=30 h=45",
                "rnn f32 backward act=relu t=4 b=8 i=30 h=45",
                "conv f32 forward bias n=2 h=16 w=16 ic=40 oc=40 kh=3 kw=3 ph=1 pw=1 g=40 act=relu",
                "conv f32 backward_data n=2 h=16 w=16 ic=40 oc=40 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1 g=40",
                "conv f32 backward_weights bias n=2 h=16 w=16 ic=40 oc=40 kh=3 kw=3 ph=1 pw=1 g=40",
                "conv f32 forward n=8 h=8 w=8 ic=64 oc=64 kh=3 kw=3 ph=1 pw=1",
                "conv f32 forward bias n=8 h=7 w=9 ic=32 oc=48 kh=3 kw=3 ph=1 pw=1 act=relu",
                "conv f32 backward_data n=8 h=8 w=8 ic=16 oc=32 kh=3 kw=3 ph=1 pw=1",
                "conv f32 backward_weights n=128 h=8 w=8 ic=64 oc=64 kh=3 kw=3 ph=1 pw=1",
                "conv f32 backward_weights n=9 h=7 w=9 ic=32 oc=48 kh=3 kw=3 ph=1 pw=1",
                "gemm f32 m=67 n=83 k=65",
                "gemm f32 tb bias m=40 n=70 k=129 batch=3 act=gelu",
                "gemm f32 m=3 n=203 k=201",
                "gemm f32 m=1 n=203 k=201",
                "gemm f32 tb m=3 n=203 k=201",
                "gemm f32 tb m=1 n=203 k=201",
                "gemm f32 tb bias m=65 n=70 k=129 act=sigmoid"
            })
    void aWarmKernelAllocatesNothing(String line) throws InterruptedException {
        try (Kernels kernels = Kernels.open("simd", 1);
                Arena arena = Arena.ofConfined()) {
            Plan plan = kernels.plan(Spec.parse(line));
            MemorySegment[] buffers = buffers(plan, arena);
            long least = Long.MAX_VALUE;
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            while (least > NOISE && System.nanoTime() < deadline) {
                long pause = System.nanoTime() + ROUND_NANOS;
                do {
                    plan.run(buffers);
                } while (System.nanoTime() < pause);
                Thread.sleep(20); // C2 compiles in the background
                long before = THREADS.getCurrentThreadAllocatedBytes();
                plan.run(buffers);
                least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).as("bytes a run of %s", plan).isLessThanOrEqualTo(NOISE);
        }
    }

    private static MemorySegment[] buffers(Plan plan, Arena arena) {
        List<Operand> operands = plan.operands();
        MemorySegment[] buffers = new MemorySegment[operands.size()];
        for (int b = 0; b < buffers.length; b++) {
            Operand operand = operands.get(b);
            buffers[b] = arena.allocate(Math.max(4, operand.bytes()), 64);
            for (long i = 0; i < operand.elements(); i++) {
                if (operand.type() == DType.F32) {
                    buffers[b].setAtIndex(ValueLayout.JAVA_FLOAT, i, 1 + i % 7 * 0.125f);
                } else if (operand.type() == DType.I32) {
                    buffers[b].setAtIndex(ValueLayout.JAVA_INT, i, (int) (i % 7));
                }
            }
        }
        return buffers;
    }
}
