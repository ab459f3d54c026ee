package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.GroupNormSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Group and instance norm backward in two passes: sums of diffDst and diffDst (src - mean) for each channel, then diffSrc =
 * a diffDst + (b (src - mean) + d) with three numbers a channel. Four reads and a write of 4 B an element, of which two reads
 * and the write come from memory where a sample's two tensors fit in L2.
 */
final class SimdGroupNormBackward implements Kernel, GroupNormSamples.Stages {
    private final GroupNormSpec spec;
    private final GroupNormCut cut;
    private final GroupNormSamples samples;
    private final int width;
    private final int mean;
    private final int scratch;
    private final double share;
    private final Workers workers;
    private final Task columnSums = this::columnSums;
    private final RowLoop sums = new RowLoop(MethodHandles.lookup(), this, "sums");
    private final RowLoop apply = new RowLoop(MethodHandles.lookup(), this, "apply");

    SimdGroupNormBackward(GroupNormSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.cut = GroupNormCut.of(spec);
        this.width = spec.c() / spec.groups();
        this.mean = spec.affine() ? 3 : 2;
        this.share = 1.0 / (spec.hw() * (double) width);
        this.scratch = spec.operands().size();
        this.samples = new GroupNormSamples(cut, spec.n(), 2, scratch, workers, this);
    }

    @Override
    public String implementation() {
        return "simd:groupnorm backward";
    }

    /** The samples' slots, then what each sample adds to diffGamma and diffBeta. */
    @Override
    public long scratchBytes() {
        return samples.scratchBytes() + (spec.affine() ? 8L * spec.n() * spec.c() : 0);
    }

    private long contribution(long[] frame, long sample) {
        return frame[scratch] + samples.scratchBytes() + 8 * sample * spec.c();
    }

    @Override
    public void execute(long[] frame) {
        samples.run(frame);
        if (spec.affine()) {
            workers.run(2, columnSums, frame);
        }
    }

    /** diffGamma ({@code which} 0) or diffBeta of the samples' contributions. */
    private void columnSums(long[] frame, int which, int worker) {
        long to = frame[mean + 3 + which];
        Pack.zero(to, spec.c());
        long from = contribution(frame, 0) + 4L * which * spec.c();
        ColumnSums.add(false, from, spec.n(), 8L * spec.c(), spec.c(), to);
    }

    private long first(long sample) {
        return sample * spec.hw() * spec.c() * 4;
    }

    @Override
    public void begin(long[] frame, int stage, long sample, long slot) {
        for (int g = 0; g < spec.groups(); g++) {
            float center = Raw.f32(frame[mean], sample * spec.groups() + g);
            if (stage == 0) {
                for (int k = g * width; k < (g + 1) * width; k++) {
                    set(slot, 0, k, center);
                }
            } else {
                factors(frame, sample, slot, g);
            }
        }
    }

    private void factors(long[] frame, long sample, long slot, int g) {
        double invStd = Raw.f32(frame[mean + 1], sample * spec.groups() + g);
        double sum = 0;
        double products = 0;
        for (int k = g * width; k < (g + 1) * width; k++) {
            double channel = GroupNormSamples.total(cut, slot, 0, k);
            double product = GroupNormSamples.total(cut, slot, 1, k) * invStd;
            if (spec.affine()) {
                Raw.f32(contribution(frame, sample), k, (float) product);
                Raw.f32(contribution(frame, sample), spec.c() + k, (float) channel);
            }
            sum += gamma(frame, k) * channel;
            products += gamma(frame, k) * product;
        }
        float b = (float) (-invStd * invStd * products * share);
        float d = (float) (-invStd * sum * share);
        for (int k = g * width; k < (g + 1) * width; k++) {
            set(slot, 1, k, (float) (gamma(frame, k) * invStd));
            set(slot, 2, k, b);
            set(slot, 3, k, d);
        }
    }

    private double gamma(long[] frame, int k) {
        return spec.affine() ? Raw.f32(frame[2], k) : 1;
    }

    private void set(long slot, int table, int channel, float value) {
        for (int lane = channel; lane < cut.lanes(); lane += spec.c()) {
            Raw.f32(cut.table(slot, table), lane, value);
        }
    }

    @Override
    public void piece(long[] frame, int stage, long sample, int piece, long slot) {
        long src = frame[0] + first(sample);
        long diffDst = frame[1] + first(sample);
        long at = cut.offset(piece);
        long left = cut.leftOffset();
        int rows = cut.length(piece);
        int more = cut.last(piece) ? cut.left() : 0;
        long head = cut.head(slot, piece);
        long means = cut.table(slot, 0);
        Raw.i64(head, 0, means);
        if (stage == 0) {
            long to = cut.sums(slot, piece);
            Raw.i64(head, 1, to);
            Pack.zero(to, 2 * cut.lanes());
            sums.run(src + at, diffDst + at, head, rows);
            for (int l = 0; l < more; l++) {
                float g = Raw.f32(diffDst + left, l);
                float distance = Raw.f32(src + left, l) - Raw.f32(means, l);
                int product = cut.lanes() + l;
                Raw.f32(to, l, Raw.f32(to, l) + g);
                Raw.f32(to, product, Math.fma(g, distance, Raw.f32(to, product)));
            }
            return;
        }
        long diffSrc = frame[mean + 2] + first(sample);
        Raw.i64(head, 1, diffSrc + at);
        apply.run(src + at, diffDst + at, head, rows);
        for (int l = 0; l < more; l++) {
            float distance = Raw.f32(src + left, l) - Raw.f32(means, l);
            float rest = Math.fma(distance, Raw.f32(cut.table(slot, 2), l), Raw.f32(cut.table(slot, 3), l));
            float g = Raw.f32(diffDst + left, l);
            Raw.f32(diffSrc + left, l, Math.fma(g, Raw.f32(cut.table(slot, 1), l), rest));
        }
    }

    /** Adds to the sums behind each other: of diffDst, and of diffDst (src - mean). */
    private void sums(long src, long diffDst, long head, int rows) {
        long means = Raw.i64(head, 0);
        long to = Raw.i64(head, 1);
        int lanes = cut.lanes();
        long stride = lanes * 4L;
        int r = 0;
        long at = 0;
        for (; r + 4 <= rows; r += 4, at += 4 * stride) {
            for (int l = 0; l < lanes; l += Lanes.COUNT) {
                long x = src + at + l * 4L;
                long g = diffDst + at + l * 4L;
                long sums = to + l * 4L;
                FloatVector mean = load(means + l * 4L);
                FloatVector g0 = load(g);
                FloatVector g1 = load(g + stride);
                FloatVector g2 = load(g + 2 * stride);
                FloatVector g3 = load(g + 3 * stride);
                load(sums).add(g0.add(g1).add(g2.add(g3))).intoMemorySegment(Raw.MEMORY, sums, Lanes.ORDER);
                FloatVector low =
                        load(x + stride).sub(mean).fma(g1, load(x).sub(mean).mul(g0));
                FloatVector high = load(x + 3 * stride)
                        .sub(mean)
                        .fma(g3, load(x + 2 * stride).sub(mean).mul(g2));
                load(sums + stride).add(low.add(high)).intoMemorySegment(Raw.MEMORY, sums + stride, Lanes.ORDER);
            }
        }
        for (; r < rows; r++, at += stride) {
            for (int l = 0; l < lanes; l += Lanes.COUNT) {
                long sums = to + l * 4L;
                FloatVector g = load(diffDst + at + l * 4L);
                FloatVector distance = load(src + at + l * 4L).sub(load(means + l * 4L));
                load(sums).add(g).intoMemorySegment(Raw.MEMORY, sums, Lanes.ORDER);
                g.fma(distance, load(sums + stride)).intoMemorySegment(Raw.MEMORY, sums + stride, Lanes.ORDER);
            }
        }
    }

    /** diffSrc, eight rows of a vector of lanes at a time. */
    private void apply(long src, long diffDst, long head, int rows) {
        long tables = Raw.i64(head, 0);
        long diffSrc = Raw.i64(head, 1);
        int lanes = cut.lanes();
        long stride = lanes * 4L;
        for (int r = 0; r < rows; r += 8) {
            long first = r * stride;
            long end = first + Math.min(8, rows - r) * stride;
            for (int l = 0; l < lanes; l += Lanes.COUNT) {
                FloatVector mean = load(tables + l * 4L);
                FloatVector a = load(tables + stride + l * 4L);
                FloatVector b = load(tables + 2 * stride + l * 4L);
                FloatVector d = load(tables + 3 * stride + l * 4L);
                for (long at = first + l * 4L; at < end; at += stride) {
                    load(diffDst + at)
                            .fma(a, load(src + at).sub(mean).fma(b, d))
                            .intoMemorySegment(Raw.MEMORY, diffSrc + at, Lanes.ORDER);
                }
            }
        }
    }
}
