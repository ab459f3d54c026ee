package io.gatun.kernel;

import io.gatun.memory.NativeMemory;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.memory.StandInPlace;
import io.gatun.parallel.Workers;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * Stands in for CUDA where there is none: the host's Java kernels, on memory that Java cannot touch. Plans compute the bits
 * that they compute on the host, and a read or write beside them throws {@link WrongThreadException}.
 */
public final class StandInDevice implements Backend {
    private static final long LIMIT = 1L << 30;

    private final StandInPlace place;

    private StandInDevice(StandInPlace place) {
        this.place = place;
    }

    /** Kernels of a device {@code cuda:0}; closing them closes it. */
    public static Kernels open() {
        return open("cuda:0", LIMIT);
    }

    /** As {@link #open()}, of that name and so many bytes. */
    public static Kernels open(String name, long limit) {
        Backend device = new StandInDevice(new StandInPlace(name, limit));
        return new Kernels(Preference.of("cuda"), 1, NativeMemory.standard(), List.of(device));
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public Session open(Workers workers) {
        Places.opened(place);
        List<Session> inner = new ArrayList<>();
        for (String wanted : List.of("simd", "reference")) {
            for (Backend backend : ServiceLoader.load(Backend.class, Backend.class.getClassLoader())) {
                if (backend.name().equals(wanted)) {
                    inner.add(backend.open(workers));
                }
            }
        }
        return new Session() {
            @Override
            public Offer offer(Spec spec) {
                return inner.stream()
                        .map(session -> session.offer(spec))
                        .filter(Offer.Taken.class::isInstance)
                        .findFirst()
                        .orElseGet(() -> Offer.refused("no kernel here has it"));
            }

            @Override
            public Place place() {
                return place;
            }

            @Override
            public List<String> describe() {
                return List.of("the host's kernels on " + place.name() + ", emulated");
            }

            @Override
            public void close() {
                inner.forEach(Session::close);
                Places.closed(place);
            }
        };
    }
}
