package io.gatun.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.management.ThreadMXBean;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What stands between a user's segments and raw addresses. */
class PlanTest {
    private final Kernels kernels = Kernels.open("reference", 1);
    private final Arena arena = Arena.ofConfined();
    private final Plan gemm = kernels.plan(GemmSpec.of(2, 3, 4));
    private final MemorySegment a = arena.allocate(4 * 8, 4);
    private final MemorySegment b = arena.allocate(4 * 12, 4);
    private final MemorySegment c = arena.allocate(4 * 6, 4);

    @AfterEach
    void close() {
        kernels.close();
        arena.close();
    }

    private void refused(MemorySegment first, MemorySegment second, MemorySegment third, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> gemm.run(first, second, third))
                .withMessage("gemm f32 m=2 n=3 k=4: " + message);
    }

    @Test
    void runsInItsShortAndItsLongForm() {
        for (int i = 0; i < 8; i++) {
            a.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
        }
        for (int i = 0; i < 12; i++) {
            b.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
        }
        gemm.run(a, b, c);
        assertThat(c.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(6, 6, 6, 22, 22, 22);
        c.fill((byte) 0);
        gemm.run(new MemorySegment[] {a, b, c});
        assertThat(c.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(6, 6, 6, 22, 22, 22);
    }

    @Test
    void whatIsWrongWithABufferIsSaid() {
        refused(a, null, c, "b is null");
        refused(a, b, MemorySegment.ofArray(new float[6]), "c is on the Java heap; allocate it from an Arena");
        refused(a.asSlice(0, 28), b, c, "a has 28 bytes, needs 32 (8 x f32)");
        refused(a, b, c.asReadOnly(), "c is read-only but is written");
        refused(arena.allocate(40, 4).asSlice(2, 32), b, c, "a is not aligned to its f32 elements");
        gemm.run(a.asReadOnly(), b, c);
    }

    @Test
    void closedMemoryIsFound() {
        MemorySegment gone;
        try (Arena closed = Arena.ofConfined()) {
            gone = closed.allocate(32, 4);
        }
        assertThatIllegalStateException()
                .isThrownBy(() -> gemm.run(gone, b, c))
                .withMessage("gemm f32 m=2 n=3 k=4: a was used after its memory was closed");
    }

    @Test
    void anotherThreadsConfinedMemoryIsFound() throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread other = Thread.ofPlatform().unstarted(() -> gemm.run(a, b, c));
        other.setUncaughtExceptionHandler((thread, e) -> thrown.set(e));
        other.start();
        other.join();
        assertThat(thrown.get())
                .isInstanceOf(WrongThreadException.class)
                .hasMessage("gemm f32 m=2 n=3 k=4: a belongs to a confined arena of another thread");
    }

    @Test
    void anOutputMayOverlapNothing() {
        MemorySegment all = arena.allocate(200, 4);
        MemorySegment target = all.asSlice(28, 24);
        refused(all.asSlice(0, 32), b, target, "c overlaps a; give it memory of its own");
        refused(a, all.asSlice(48, 48), target, "c overlaps b; give it memory of its own");
        gemm.run(all.asSlice(0, 32), all.asSlice(56, 48), all.asSlice(32, 24));
        gemm.run(all.asSlice(0, 32), all.asSlice(0, 48), c);

        Plan norm = kernels.plan(BatchNormSpec.training(2, 1, false, false));
        MemorySegment one = arena.allocate(4, 4);
        MemorySegment[] operands = new MemorySegment[norm.operands().size()];
        for (int i = 0; i < operands.length; i++) {
            operands[i] = arena.allocate(8, 4);
        }
        operands[6] = one;
        operands[7] = one;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> norm.run(operands))
                .withMessage("batchnorm f32 training rows=2 c=1: mean overlaps invStd; give it memory of its own");
    }

    @Test
    void theNumberOfBuffersIsSaid() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> gemm.run(a, b))
                .withMessage("gemm f32 m=2 n=3 k=4 takes 3 buffers (a, b, c), not 2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> gemm.run(a, b, c, c))
                .withMessageContaining("takes 3 buffers (a, b, c), not 4");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> gemm.run(new MemorySegment[0]))
                .withMessageContaining("not 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels.plan(new AxpbySpec(3, 1, 0)).run(a, b, c))
                .withMessageContaining("takes 2 buffers (x, y), not 3");
    }

    @Test
    void longsNeedTheirOwnAlignment() {
        Plan dropout = kernels.plan(new DropoutSpec(2, 0.5f));
        MemorySegment rng = arena.allocate(32, 8).asSlice(4, 24);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> dropout.run(a, rng, c))
                .withMessage("dropout f32 count=2 p=0.5: rng is not aligned to its i64 elements");
    }

    @Test
    void theWorkspaceHasTheSizeThatTheKernelSays() {
        Plan lstm = kernels.plan(new LstmSpec(Pass.TRAINING, 3, 2, 4, 5));
        assertThat(lstm.workspaceBytes()).isPositive();
        Operand workspace = lstm.operands().getLast();
        assertThat(workspace.access()).isEqualTo(Operand.Access.WORKSPACE);
        assertThat(workspace.bytes()).isEqualTo(lstm.workspaceBytes());
        MemorySegment[] operands = new MemorySegment[lstm.operands().size()];
        for (int i = 0; i < operands.length; i++) {
            operands[i] = arena.allocate(Math.max(1, lstm.operands().get(i).bytes()), 64);
        }
        lstm.run(operands);
        operands[operands.length - 1] = arena.allocate(lstm.workspaceBytes() - 1, 64);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> lstm.run(operands))
                .withMessageContaining(
                        "workspace has " + (lstm.workspaceBytes() - 1) + " bytes, needs " + lstm.workspaceBytes());
    }

    /** A plan may stand on native objects that went with its kernels. */
    @Test
    void closedKernelsRefuseToPlanAndToRun() {
        Kernels own = Kernels.open("reference", 1);
        Plan plan = own.plan(GemmSpec.of(2, 3, 4));
        own.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> plan.run(a, b, c))
                .withMessage("the kernels were closed; open new ones");
        assertThatIllegalStateException().isThrownBy(() -> own.plan(GemmSpec.of(1, 1, 1)));
    }

    /** The short form, warm: not one byte in 20,000 runs. */
    @Test
    void runningAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 20_000; i++) {
            gemm.run(a, b, c);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            gemm.run(a, b, c);
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(20_000);
    }
}
