package io.gatun.cuda.vendor;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.gatun.bindings.cudnn.Cudnn;
import io.gatun.cuda.CudaLibraries;
import io.gatun.cuda.NvidiaLibrary;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.memory.Owned;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Asks the cuDNN of this machine for plans of the specs in its arguments, on a device that is not here: a line each, with
 * engine and workspace, or why there is none. In a process of its own, which knows no other cuDNN.
 *
 * <p>Without a driver there is no handle of cuDNN's. But it plans for a device that is described to it, with all engines
 * but those that it would have to compile.
 */
final class RealCudnn {
    static final String ABSENT = "no cuDNN";
    static final String OLD = "cuDNN before 9.8, which plans for no device but one that is here";

    private static final int DEVICE = 38; // CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR
    private static final int DEVICE_JSON = 2702; // CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION
    private static final int DEVICE_OF_HEURISTICS = 204; // CUDNN_ATTR_ENGINEHEUR_DEVICEPROP
    private static final int DEVICE_OF_PLAN = 407; // CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP
    private static final int TEXT = 24; // CUDNN_TYPE_CHAR

    /** As a GPU of compute capability 9.0 describes itself. */
    private static final String HOPPER = """
        {"maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64], "regsPerBlock": 65536,
         "multiProcessorCount": 132, "smCountOrigin": 0, "warpSize": 32, "maxSharedMemoryPerBlock": 49152,
         "maxSharedMemoryPerBlockOptin": 232448, "reservedSharedMemoryPerBlock": 1024, "maxRegistersPerSM": 65536,
         "maxCtasPerSM": 32, "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "pciDeviceId": 0, "isTccDriver": 0,
         "supportCoopLaunch": 1, "totalGlobalMem": 80000000000, "smClockRateKHz": 1980000,
         "memClockRateKHz": 2619000, "l2CacheSize": 52428800, "cudaDeviceId": 0, "deviceVer": 900,
         "driverVer": 13000, "deviceName": "described"}\
        """;

    private final Statuses statuses = new Statuses(new CudaRuntime(0), CudnnSession::name);
    private final MemorySegment device = Arena.global().allocate(ADDRESS);

    private RealCudnn() {}

    public static void main(String[] lines) {
        if (CudaLibraries.find(NvidiaLibrary.CUDNN).isEmpty()) {
            System.out.println(ABSENT);
            return;
        }
        System.out.println(CudaLibraries.describe(NvidiaLibrary.CUDNN));
        if (Cudnn.cudnnGetVersion() < 9_08_00) {
            System.out.println(OLD);
            return;
        }
        RealCudnn cudnn = new RealCudnn();
        cudnn.describeDevice();
        System.out.println(cudnn.wrong());
        for (String line : lines) {
            System.out.println(cudnn.plan(Spec.parse(line)));
        }
    }

    private void describeDevice() {
        try (Arena arena = Arena.ofConfined()) {
            check(Cudnn.cudnnBackendCreateDescriptor(DEVICE, device), "creating");
            MemorySegment text = arena.allocateFrom(HOPPER);
            MemorySegment made = device.get(ADDRESS, 0);
            check(Cudnn.cudnnBackendSetAttribute(made, DEVICE_JSON, TEXT, text.byteSize(), text), "describing");
            check(Cudnn.cudnnBackendFinalize(made), "finishing");
        }
    }

    private void check(int status, String doing) {
        statuses.check(status, doing, "a device");
    }

    /** What cuDNN says to a tensor whose alignment its type does not divide. */
    private String wrong() {
        try (CudnnDescriptor tensor = new CudnnDescriptor(statuses, "a wrong tensor", CudnnKind.TENSOR)) {
            tensor.set(CudnnAttribute.TENSOR_UNIQUE_ID, 1)
                    .set(CudnnAttribute.TENSOR_DATA_TYPE, Cudnn.CUDNN_DATA_FLOAT())
                    .set(CudnnAttribute.TENSOR_BYTE_ALIGNMENT, 3)
                    .set(CudnnAttribute.TENSOR_DIMENSIONS, 1, 2, 3, 4)
                    .set(CudnnAttribute.TENSOR_STRIDES, 24, 1, 8, 2)
                    .finishOrRefusal();
            return "accepted";
        } catch (CudaException e) {
            return e.getMessage();
        }
    }

    private String plan(Spec spec) {
        ConvSpec conv = (ConvSpec) (spec instanceof MixedSpec mixed ? mixed.of() : spec);
        CudnnTarget target = new CudnnTarget() {
            @Override
            public void graph(CudnnDescriptor graph) {}

            @Override
            public void heuristics(CudnnDescriptor heuristics) {
                on(heuristics, DEVICE_OF_HEURISTICS);
            }

            @Override
            public void plan(CudnnDescriptor plan) {
                on(plan, DEVICE_OF_PLAN);
            }
        };
        CudnnNumerics numerics = new CudnnNumerics(spec instanceof MixedSpec, true);
        try (Owned parts = new Owned()) {
            CudnnDescriptor graph = new CudnnConvGraph(statuses, spec, conv, 16, parts).finish(target);
            CudnnPlan plan = parts.add(new CudnnEngines(statuses, spec, target, graph, numerics)
                    .plans(1)
                    .getFirst());
            return "engine " + plan.engine() + ", workspace " + plan.workspace();
        } catch (Refusal e) {
            return "refused: " + e.getMessage();
        }
    }

    private void on(CudnnDescriptor descriptor, int attribute) {
        check(
                Cudnn.cudnnBackendSetAttribute(
                        descriptor.handle(), attribute, CudnnAttribute.Type.DESCRIPTOR.number, 1, device),
                "naming");
    }
}
