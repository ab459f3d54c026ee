package io.gatun.simd;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/**
 * Runs the stages of a group norm over samples: each begins with what the last one's sums give and is then a pass over the
 * pieces of the sample. Where there are samples enough a thread does all stages of one while it lies in its L2 cache; else all
 * threads go through the pieces of all samples, stage after stage. The bits are the same.
 */
final class GroupNormSamples {
    /** What precedes a stage of a sample, and its pass over a piece. */
    interface Stages {
        void begin(long[] frame, int stage, long sample, long slot);

        void piece(long[] frame, int stage, long sample, int piece, long slot);
    }

    private final GroupNormCut cut;
    private final int samples;
    private final int stages;
    private final int scratch;
    private final Workers workers;
    private final Stages work;
    private final boolean whole;
    private final Task sample = this::sample;
    private final Task[] pieces;
    private final Task[] begins;

    /** {@code scratch} is the place of the scratch memory in the frame. */
    GroupNormSamples(GroupNormCut cut, long samples, int stages, int scratch, Workers workers, Stages work) {
        this.cut = cut;
        this.samples = Math.toIntExact(samples);
        this.stages = stages;
        this.scratch = scratch;
        this.workers = workers;
        this.work = work;
        this.whole = samples >= 4L * workers.threads() || cut.pieces() == 1;
        this.pieces = new Task[stages];
        this.begins = new Task[stages];
        for (int i = 0; i < stages; i++) {
            int stage = i;
            pieces[i] = (frame, index, worker) -> {
                int at = index / cut.pieces();
                work.piece(frame, stage, at, index % cut.pieces(), slot(frame, at));
            };
            begins[i] = (frame, index, worker) -> work.begin(frame, stage, index, slot(frame, index));
        }
    }

    long scratchBytes() {
        return cut.slotBytes() * (whole ? workers.threads() : samples);
    }

    private long slot(long[] frame, int index) {
        return frame[scratch] + index * cut.slotBytes();
    }

    void run(long[] frame) {
        if (whole) {
            workers.runApart(samples, sample, frame);
            return;
        }
        for (int stage = 0; stage < stages; stage++) {
            workers.run(samples, begins[stage], frame);
            workers.run(Math.multiplyExact(samples, cut.pieces()), pieces[stage], frame);
        }
    }

    private void sample(long[] frame, int index, int worker) {
        long slot = slot(frame, worker);
        for (int stage = 0; stage < stages; stage++) {
            work.begin(frame, stage, index, slot);
            for (int piece = 0; piece < cut.pieces(); piece++) {
                work.piece(frame, stage, index, piece, slot);
            }
        }
    }

    /** The sum of a channel over all pieces, of their first sums ({@code which} 0) or their second (1). */
    static double total(GroupNormCut cut, long slot, int which, int channel) {
        double sum = 0;
        for (int piece = 0; piece < cut.pieces(); piece++) {
            long sums = cut.sums(slot, piece) + 4L * which * cut.lanes();
            for (int lane = channel; lane < cut.lanes(); lane += cut.c()) {
                sum += Raw.f32(sums, lane);
            }
        }
        return sum;
    }
}
