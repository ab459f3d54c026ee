package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.Spec;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The cases really go through every size on every axis, and through the geometries that go wrong. */
class ShapesTest {
    private static List<? extends Spec> specs(Class<? extends Spec> type) {
        return Families.of(type).specs(new SplittableRandom(KernelContract.SEED));
    }

    private static <S extends Spec> Set<Integer> values(Class<S> type, ToIntFunction<S> of) {
        return specs(type).stream().map(type::cast).map(of::applyAsInt).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Each int or long axis of each family's record by its name; those that start at 1 leave 0 out. */
    @TestFactory
    Stream<DynamicTest> everyAxisTakesEverySize() {
        return Stream.of(
                        "gemm m n k batch",
                        "conv n h w ic oc groups",
                        "pool n h w c",
                        "batchnorm rows c",
                        "activation count",
                        "axpby count",
                        "binary rows cols",
                        "softmax rows cols",
                        "crossentropy rows cols",
                        "embedding vocabulary dim count",
                        "dropout count",
                        "sgd count",
                        "adam count",
                        "adagrad count",
                        "rmsprop count",
                        "lerp count",
                        "gru t b i h",
                        "lstm t b i h")
                .flatMap(line -> {
                    List<String> words = List.of(line.split(" "));
                    return words.stream()
                            .skip(1)
                            .map(axis -> DynamicTest.dynamicTest(
                                    words.getFirst() + " " + axis, () -> everySize(words.getFirst(), axis)));
                });
    }

    private static void everySize(String family, String axis) throws ReflectiveOperationException {
        Class<? extends Spec> type = Families.ALL.stream()
                .filter(f -> f.name().equals(family))
                .findFirst()
                .orElseThrow()
                .type;
        RecordComponent component = Arrays.stream(type.getRecordComponents())
                .filter(c -> c.getName().equals(axis))
                .findFirst()
                .orElseThrow();
        Set<Long> drawn = new TreeSet<>();
        for (Spec spec : specs(type)) {
            drawn.add(((Number) component.getAccessor().invoke(spec)).longValue());
        }
        boolean mayBeEmpty = drawn.contains(0L);
        assertThat(drawn)
                .containsAll(Arrays.stream(Family.SIZES)
                        .filter(size -> size > 0 || mayBeEmpty)
                        .asLongStream()
                        .boxed()
                        .toList());
    }

    @Test
    void convolutionsTakeEveryGeometry() {
        assertThat(values(ConvSpec.class, ConvSpec::kh)).contains(1, 2, 3, 5, 7, 11);
        assertThat(values(ConvSpec.class, ConvSpec::kw)).contains(1, 2, 3, 5, 7, 11);
        assertThat(values(ConvSpec.class, ConvSpec::sh)).contains(1, 2, 3, 4);
        assertThat(values(ConvSpec.class, ConvSpec::sw)).contains(1, 2, 3, 4);
        assertThat(values(ConvSpec.class, ConvSpec::dh)).contains(1, 2, 3, 4);
        assertThat(values(ConvSpec.class, ConvSpec::dw)).contains(1, 2, 3, 4);
        assertThat(specs(ConvSpec.class).stream().map(ConvSpec.class::cast))
                .as("padding up to the kernel")
                .anyMatch(s -> s.ph() == s.kh() && s.pw() == s.kw() && s.kh() > 1)
                .as("padding not the same on all sides")
                .anyMatch(s -> s.ph() != s.pb() && s.pw() != s.pr())
                .as("two groups, several groups, depthwise, depthwise with a multiplier")
                .anyMatch(s -> s.groups() == 2)
                .anyMatch(s -> s.groups() > 2 && s.groups() < s.ic())
                .anyMatch(s -> s.groups() > 1 && s.groups() == s.ic() && s.groups() == s.oc())
                .anyMatch(s -> s.groups() > 1 && s.groups() == s.ic() && s.oc() > s.ic())
                .as("a kernel larger than the image")
                .anyMatch(s -> s.n() > 0 && s.h() > 0 && s.oh() == 0)
                .as("one dimension")
                .anyMatch(s -> s.h() == 1 && s.kh() == 1 && s.kw() > 1 && s.w() > s.kw());
    }

    @Test
    void productsTakeEveryLayout() {
        assertThat(specs(GemmSpec.class).stream().map(GemmSpec.class::cast))
                .anyMatch(s -> s.transA() && !s.transB())
                .anyMatch(s -> !s.transA() && s.transB())
                .anyMatch(s -> s.transA() && s.transB())
                .as("gaps between rows")
                .anyMatch(s -> s.ldc() > s.n() && s.lda() > (s.transA() ? s.m() : s.k()))
                .as("one matrix for all of a batch, and gaps between the matrices")
                .anyMatch(s -> s.batch() > 1 && s.strideA() == 0)
                .anyMatch(s -> s.batch() > 1 && s.strideB() == 0)
                .anyMatch(s -> s.batch() > 1 && s.strideC() > (long) s.m() * s.n())
                .as("K = 0 with C kept")
                .anyMatch(s -> s.k() == 0 && s.beta() != 0);
    }

    @Test
    void poolsTakeEveryGeometry() {
        for (PoolSpec.Op op : PoolSpec.Op.values()) {
            assertThat(specs(PoolSpec.class).stream().map(PoolSpec.class::cast).filter(s -> s.op() == op))
                    .as("the output rounded up, with a window that sticks out")
                    .anyMatch(s -> s.ceil() && (s.oh() - 1) * s.sh() + s.kh() > s.h() + s.ph() + s.pb())
                    .as("a window wholly in the padding")
                    .anyMatch(s -> s.ph() >= s.kh() && s.oh() > 0)
                    .as("a window larger than the image")
                    .anyMatch(s -> s.h() > 0 && s.oh() == 0)
                    .as("overlapping windows")
                    .anyMatch(s -> s.sh() < s.kh() && s.oh() > 1);
        }
    }
}
