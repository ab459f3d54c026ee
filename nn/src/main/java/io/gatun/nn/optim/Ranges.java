package io.gatun.nn.optim;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Parameters;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The flat buffers cut into the stretches that one call each updates: neighbours of one group that are not frozen, those
 * that decay in front. A net without groups and frozen parameters is one stretch.
 */
final class Ranges {
    /** Bytes of a rule's numbers. */
    private static final long HYPER = 4 * Float.BYTES;

    private final Kernels kernels;
    private final Parameters parameters;
    private final FlatStates states;
    private final Parameter[] trainable;
    private final Group[] groupOf;

    /** The first one is of all parameters that are in no other. */
    private final List<Group> groups = new ArrayList<>();

    /** For each parameter, in how many steps it was frozen: PyTorch counts the steps of each alone. */
    private final MemorySegment missed;

    /** Four floats of each range, where Java writes them and where the kernels of {@link #after} read them: on the host the same. */
    private final MemorySegment hyper;

    private final MemorySegment hyperHere;
    private Range[] ranges = {};
    private int structure;

    /** The steps up to which {@link #missed} counts. */
    private long counted;

    private Predicate<Parameter> decays = parameter -> parameter.shape().rank() > 1;
    private float clip = Float.POSITIVE_INFINITY;

    /** Parameters with a rate and options of their own. */
    record Group(Schedule schedule, double factor, Rule rule) {}

    /**
     * A stretch of memory; its parameters were frozen in {@code missed} steps.
     *
     * @param hyper the rule's numbers of a step, where Java writes them
     */
    record Range(Plan plan, MemorySegment[] operands, MemorySegment hyper, Group group, long missed) {
        /** Writes the step's numbers. */
        void prepare(float rate, float gradientScale, long steps) {
            group.rule.hyper(hyper, rate, gradientScale, steps - missed);
        }

        /** Where the kernel reads them. */
        MemorySegment hyperHere() {
            return operands[operands.length - 1];
        }

        void run() {
            plan.run(operands);
        }

        /** The same, which reads its numbers there. */
        Range reading(MemorySegment numbers) {
            MemorySegment[] others = operands.clone();
            others[others.length - 1] = numbers;
            return new Range(plan, others, hyper, group, missed);
        }
    }

    Ranges(
            Kernels kernels,
            Parameters parameters,
            ParameterScope scope,
            ParameterScope hostScope,
            FlatStates states,
            Group all) {
        this.kernels = kernels;
        this.parameters = parameters;
        this.states = states;
        this.trainable = parameters.trainable().toArray(Parameter[]::new);
        this.groupOf = new Group[trainable.length];
        this.missed = hostScope.allocate((long) Long.BYTES * trainable.length, "missed steps");
        missed.fill((byte) 0);
        this.hyper = hostScope.allocate(HYPER * trainable.length, "hyper");
        this.hyperHere = scope == hostScope ? hyper : scope.allocate(hyper.byteSize(), "hyper");
        Arrays.fill(groupOf, all);
        groups.add(all);
        begin(all);
        cut();
    }

    /** All of them, cut anew if parameters were frozen or thawed. */
    Range[] after(long steps) {
        if (structure != parameters.structure()) {
            renew(steps);
        }
        return ranges;
    }

    /** The numbers of all of them, side by side, where Java writes them. */
    MemorySegment numbers() {
        return hyper.asSlice(0, HYPER * ranges.length);
    }

    /** Brings the numbers to where the kernels read them. */
    void send() {
        if (hyper != hyperHere) {
            Places.copy(numbers(), hyperHere);
        }
    }

    /** All of them, which read their numbers there. */
    Range[] reading(MemorySegment numbers) {
        if (numbers.address() == hyperHere.address()) {
            return ranges;
        }
        Range[] reading = new Range[ranges.length];
        for (int i = 0; i < reading.length; i++) {
            reading[i] = ranges[i].reading(hyper(numbers, i));
        }
        return reading;
    }

    private static MemorySegment hyper(MemorySegment numbers, int range) {
        return numbers.asSlice(HYPER * range, HYPER);
    }

    Group group(int index) {
        return groups.get(index);
    }

    void decay(Predicate<Parameter> which) {
        decays = which;
        cut();
    }

    void clip(float value) {
        clip = value;
        cut();
    }

    void add(Predicate<String> names, Group group) {
        boolean[] members = new boolean[trainable.length];
        boolean found = false;
        for (int i = 0; i < trainable.length; i++) {
            members[i] = names.test(trainable[i].label());
            found |= members[i];
            if (members[i] && groupOf[i] != groups.getFirst()) {
                throw new IllegalArgumentException(
                        "parameter '" + trainable[i].label() + "' is in another group already; name it in one");
            }
        }
        if (!found) {
            throw new IllegalArgumentException("a group has no parameters; there are "
                    + Arrays.stream(trainable).map(Parameter::label).toList());
        }
        for (int i = 0; i < trainable.length; i++) {
            groupOf[i] = members[i] ? group : groupOf[i];
        }
        groups.add(group);
        begin(group);
        cut();
    }

    private void begin(Group group) {
        for (String state : group.rule.states()) {
            MemorySegment flat = states.get(state);
            float initial = group.rule.initial(state);
            for (int i = 0; i < trainable.length; i++) {
                if (groupOf[i] == group) {
                    MemorySegment own =
                            flat.asSlice(4 * parameters.offset(trainable[i]), 4 * parameters.extent(trainable[i]));
                    Place.of(own).fill(own, initial);
                }
            }
        }
    }

    /** Cuts anew, so that whoever has collected kernels with these collects them again. */
    void renew(long steps) {
        count(steps);
        cut();
    }

    private void cut() {
        List<Range> cut = new ArrayList<>();
        int from = 0;
        while (from < trainable.length) {
            int to = from + 1;
            if (trainable[from].requiresGrad()) {
                while (to < trainable.length && together(to - 1, to)) {
                    to++;
                }
                cut.add(range(from, to, cut.size()));
            }
            from = to;
        }
        ranges = cut.toArray(Range[]::new);
        structure = parameters.structure();
    }

    private boolean together(int before, int next) {
        return trainable[next].requiresGrad()
                && groupOf[before] == groupOf[next]
                && missed(before) == missed(next)
                && (decays.test(trainable[before]) || !decays.test(trainable[next]));
    }

    private Range range(int from, int to, int number) {
        long begin = 4 * parameters.offset(trainable[from]);
        long count = 0;
        long decayed = 0;
        for (int i = from; i < to; i++) {
            count += parameters.extent(trainable[i]);
            decayed = decays.test(trainable[i]) ? count : decayed;
        }
        Group group = groupOf[from];
        List<MemorySegment> operands = new ArrayList<>();
        operands.add(parameters.values().asSlice(begin, 4 * count));
        operands.add(parameters.gradientsToRead().asSlice(begin, 4 * count));
        for (String state : group.rule.states()) {
            operands.add(states.get(state).asSlice(begin, 4 * count));
        }
        operands.add(hyper(hyperHere, number));
        Plan plan = kernels.plan(group.rule.spec(count, decayed, clip));
        return new Range(plan, operands.toArray(MemorySegment[]::new), hyper(hyper, number), group, missed(from));
    }

    private long missed(int parameter) {
        return missed.getAtIndex(ValueLayout.JAVA_LONG, parameter);
    }

    /** Notes who was frozen since the ranges were cut: they are in none. */
    private void count(long steps) {
        long since = steps - counted;
        for (int i = 0; i < trainable.length && since > 0; i++) {
            if (!moves(trainable[i])) {
                missed.setAtIndex(ValueLayout.JAVA_LONG, i, missed(i) + since);
            }
        }
        counted = steps;
    }

    private boolean moves(Parameter parameter) {
        for (Range range : ranges) {
            long offset = parameter.memory().address() - range.operands[0].address();
            if (offset >= 0 && offset < range.operands[0].byteSize()) {
                return true;
            }
        }
        return false;
    }

    /** In how many steps each parameter was frozen: a view. */
    NamedTensor save(String name, long steps) {
        count(steps);
        return new NamedTensor(name, TensorType.I64, new long[] {trainable.length}, missed);
    }

    void load(String name, Function<String, NamedTensor> find, long steps) {
        FlatStates.restore(save(name, counted), find);
        counted = steps;
        cut();
    }
}
