package io.gatun.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The protocol, with a shell in PyTorch's place. */
class TorchPeerTest {
    private static final TorchPeer.Mode EAGER = new TorchPeer.Mode(false, false, false);

    private static TorchPeer peer(String script) {
        return TorchPeer.start(List.of("sh", "-c", script));
    }

    @Test
    void isPreparedAndThenTimedByItself() {
        String script = "read question; echo \"{\\\"ready\\\":\\\"PyTorch says ${#question}\\\"}\";"
                + " while read question; do echo \"{\\\"ns\\\":${question#*:}\"; done";
        try (TorchPeer peer = peer(script)) {
            Racer racer = peer.prepare("gemm f32 m=1 n=1 k=1", EAGER);
            assertThat(racer.name()).isEqualTo("torch");
            assertThat(racer.implementation()).startsWith("PyTorch says ");
            assertThat(racer.nanos(12)).isEqualTo(12);
            assertThat(racer.nanos(7)).isEqualTo(7);
        }
    }

    @Test
    void whatItCannotDoIsSaidInItsWords() {
        try (TorchPeer peer = peer("while read question; do echo '{\"error\":\"no such thing\"}'; done")) {
            assertThatExceptionOfType(PeerException.class)
                    .isThrownBy(() -> peer.prepare("step lstm batch=2", EAGER))
                    .withMessageContaining("\"prepare\":\"step lstm batch=2\"")
                    .withMessageEndingWith(": no such thing");
        }
    }

    @Test
    void aPeerThatEndedIsNamed() {
        try (TorchPeer peer = peer("exit 3")) {
            assertThatExceptionOfType(PeerException.class)
                    .isThrownBy(() -> peer.prepare("step lstm batch=2", EAGER))
                    .withMessageContaining("PyTorch ended without an answer");
        }
        assertThatExceptionOfType(PeerException.class)
                .isThrownBy(() -> TorchPeer.start(List.of("/no/such/python", "x.py")))
                .withMessageContaining("cannot run /no/such/python");
    }

    /** What this process sets for its own libraries, cuBLAS's workspaces say, PyTorch must not be slowed by. */
    @Test
    @SuppressWarnings("restricted")
    void hasTheEnvironmentOfTheUser() throws Throwable {
        assertThat(System.getenv("GATUN_SET_SINCE")).isNull();
        MethodHandle setenv = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("setenv"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            int status = (int) setenv.invokeExact(arena.allocateFrom("GATUN_SET_SINCE"), arena.allocateFrom("set"), 1);
            assertThat(status).isZero();
        }
        try (TorchPeer peer =
                peer("read question; echo \"{\\\"ready\\\":\\\"${GATUN_SET_SINCE-unset} ${HOME}\\\"}\"")) {
            assertThat(peer.prepare("gemm f32 m=1 n=1 k=1", EAGER).implementation())
                    .isEqualTo("unset " + System.getenv("HOME"));
        }
    }
}
