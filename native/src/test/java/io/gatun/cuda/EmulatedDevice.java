package io.gatun.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.opentest4j.TestAbortedException;

/**
 * What tests ask of the fake runtime and tell it: injected errors, settings, counters. One device for the process, so tests
 * that use it must not run beside others. Where they run on a GPU ({@link Emulation#onDevice}) settings have no effect, which
 * one line says, and a test that asks anything else is skipped. See {@code native/src/test/cuda/emulation/README.md} for the settings.
 */
@SuppressWarnings("restricted")
public final class EmulatedDevice {
    /** Null on a GPU. */
    private static final SymbolLookup LIBRARY = Emulation.onDevice()
            ? null
            : SymbolLookup.libraryLookup(Emulation.folder().orElseThrow().resolve("libcudart.so.13"), Arena.global());

    /** Settings that a GPU was asked for, each said once. */
    private static final Set<String> IGNORED = ConcurrentHashMap.newKeySet();

    private static final MethodHandle FAIL = handle("fail", null, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SET = handle("set", null, ADDRESS, ADDRESS);
    private static final MethodHandle RESET = handle("reset", null);
    private static final MethodHandle FORGET = handle("forget", null);
    private static final MethodHandle CHECK = handle("check", JAVA_INT);
    private static final MethodHandle CALLS = handle("calls", JAVA_LONG, ADDRESS);
    private static final MethodHandle LAUNCHES = handle("launches", JAVA_LONG, ADDRESS);
    private static final MethodHandle LIVE_BYTES = handle("live_bytes", JAVA_LONG);
    private static final MethodHandle LIVE_OBJECTS = handle("live_objects", JAVA_LONG);
    private static final MethodHandle MESSAGE = handle("message", ADDRESS);

    private EmulatedDevice() {}

    /** The {@code k}-th call from now, from 1, of this function of the runtime fails with {@code code}. */
    public static void fail(String function, long k, int code) {
        try (Arena arena = Arena.ofConfined()) {
            call(FAIL, arena.allocateFrom(function), k, code);
        }
    }

    /** Overrides an environment variable: {@code set("ASYNC", "1")} for {@code GATUN_EMULATION_ASYNC=1}. */
    public static void set(String name, String value) {
        if (LIBRARY == null) {
            if (IGNORED.add(name)) {
                System.err.println(
                        "ON A DEVICE: " + name + "=" + value + " is a setting of the emulator, without effect");
            }
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            call(SET, arena.allocateFrom(name), arena.allocateFrom(value));
        }
    }

    /** No injections, no settings, counters at 0, and a living context; memory, streams and modules stay. */
    public static void reset() {
        if (LIBRARY != null) {
            call(RESET);
        }
    }

    /** As {@link #reset}, and everything allocated or made is gone: call it only when nothing of CUDA is open. */
    public static void forget() {
        call(FORGET);
    }

    /** Looks at the bytes around every allocation; 0, or the code of the error that has killed the context. */
    public static int check() {
        return (int) call(CHECK);
    }

    /** How often a function of the runtime was called: {@code calls("cudaGraphLaunch")}. */
    public static long calls(String function) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) call(CALLS, arena.allocateFrom(function));
        }
    }

    /** How often a kernel ran, graphs included; all kernels for the empty name. */
    public static long launches(String kernel) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) call(LAUNCHES, arena.allocateFrom(kernel));
        }
    }

    /** Bytes of device memory that are allocated. */
    public static long liveBytes() {
        return (long) call(LIVE_BYTES);
    }

    /** Streams, events, graphs and libraries that were not destroyed. */
    public static long liveObjects() {
        return (long) call(LIVE_OBJECTS);
    }

    /** What the emulator said last, with kernel, block and thread; empty if it had nothing to say since the reset. */
    public static String message() {
        return ((MemorySegment) call(MESSAGE)).reinterpret(4096).getString(0);
    }

    private static MethodHandle handle(String name, MemoryLayout result, MemoryLayout... arguments) {
        if (LIBRARY == null) {
            return null;
        }
        MemorySegment address = LIBRARY.findOrThrow("gatun_emulation_" + name);
        FunctionDescriptor descriptor =
                result == null ? FunctionDescriptor.ofVoid(arguments) : FunctionDescriptor.of(result, arguments);
        return Linker.nativeLinker().downcallHandle(address, descriptor);
    }

    private static Object call(MethodHandle handle, Object... arguments) {
        if (handle == null) {
            throw new TestAbortedException(Emulation.ONLY_EMULATED);
        }
        try {
            return handle.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
