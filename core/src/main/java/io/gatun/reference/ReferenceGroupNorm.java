package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.Pass;

/** Group (layer, instance) normalization, one group of one sample at a time in double, the variance in a second pass. */
final class ReferenceGroupNorm implements Kernel {
    private final GroupNormSpec spec;
    private final int c;
    private final int width;
    private final boolean affine;

    ReferenceGroupNorm(GroupNormSpec spec) {
        this.spec = spec;
        this.c = spec.c();
        this.width = spec.c() / spec.groups();
        this.affine = spec.affine();
    }

    @Override
    public String implementation() {
        return "reference:groupnorm";
    }

    @Override
    public void execute(long[] frame) {
        if (spec.pass() == Pass.BACKWARD && affine) {
            affine(frame);
        }
        for (long statistic = 0; statistic < spec.n() * spec.groups(); statistic++) {
            if (spec.pass() == Pass.BACKWARD) {
                backward(frame, statistic);
            } else {
                forward(frame, statistic);
            }
        }
    }

    /** Where the first channel of the group lies in the sample's first pixel. */
    private long first(long statistic) {
        return statistic / spec.groups() * spec.hw() * c + statistic % spec.groups() * width;
    }

    private void forward(long[] frame, long statistic) {
        long src = frame[0];
        long dst = frame[affine ? 3 : 1];
        long first = first(statistic);
        long count = spec.hw() * width;
        double sum = 0;
        for (long p = 0; p < spec.hw(); p++) {
            for (int k = 0; k < width; k++) {
                sum += Raw.f32(src, first + p * c + k);
            }
        }
        double mean = sum / count;
        double squares = 0;
        for (long p = 0; p < spec.hw(); p++) {
            for (int k = 0; k < width; k++) {
                double difference = Raw.f32(src, first + p * c + k) - mean;
                squares += difference * difference;
            }
        }
        double invStd = 1 / Math.sqrt(squares / count + spec.eps());
        for (long p = 0; p < spec.hw(); p++) {
            for (int k = 0; k < width; k++) {
                long i = first + p * c + k;
                double normal = (Raw.f32(src, i) - mean) * invStd;
                int channel = (int) (i % c);
                double y = affine ? Raw.f32(frame[1], channel) * normal + Raw.f32(frame[2], channel) : normal;
                Raw.f32(dst, i, (float) y);
            }
        }
        if (spec.pass() == Pass.TRAINING) {
            int next = affine ? 4 : 2;
            Raw.f32(frame[next], statistic, (float) mean);
            Raw.f32(frame[next + 1], statistic, (float) invStd);
        }
    }

    /**
     * dst = γ x̂ + β with x̂ = (src − mean) invStd, where mean and invStd depend on src: with g = γ diffDst, diffSrc = invStd
     * (g − mean(g) − x̂ mean(g x̂)), the means over the group.
     */
    private void backward(long[] frame, long statistic) {
        int next = affine ? 3 : 2;
        double mean = Raw.f32(frame[next], statistic);
        double invStd = Raw.f32(frame[next + 1], statistic);
        long diffSrc = frame[next + 2];
        long first = first(statistic);
        double count = (double) spec.hw() * width;
        double sum = 0;
        double product = 0;
        for (int k = 0; k < width; k++) {
            double channelSum = 0;
            double channelProduct = 0;
            for (long i = first + k; i < first + spec.hw() * c; i += c) {
                double g = Raw.f32(frame[1], i);
                channelSum += g;
                channelProduct += g * ((Raw.f32(frame[0], i) - mean) * invStd);
            }
            double gamma = gamma(frame, first + k);
            sum += gamma * channelSum;
            product += gamma * channelProduct;
        }
        for (int k = 0; k < width; k++) {
            double gamma = gamma(frame, first + k);
            for (long i = first + k; i < first + spec.hw() * c; i += c) {
                double normal = (Raw.f32(frame[0], i) - mean) * invStd;
                double g = gamma * Raw.f32(frame[1], i);
                Raw.f32(diffSrc, i, (float) (invStd * (g - sum / count - normal * product / count)));
            }
        }
    }

    private double gamma(long[] frame, long element) {
        return affine ? Raw.f32(frame[2], element % c) : 1;
    }

    /** diffGamma = Σ diffDst x̂ and diffBeta = Σ diffDst over samples and pixels. */
    private void affine(long[] frame) {
        for (int k = 0; k < c; k++) {
            double sum = 0;
            double product = 0;
            for (long sample = 0; sample < spec.n(); sample++) {
                long statistic = sample * spec.groups() + k / width;
                double mean = Raw.f32(frame[3], statistic);
                double invStd = Raw.f32(frame[4], statistic);
                for (long i = sample * spec.hw() * c + k; i < (sample + 1) * spec.hw() * c; i += c) {
                    double g = Raw.f32(frame[1], i);
                    sum += g;
                    product += g * ((Raw.f32(frame[0], i) - mean) * invStd);
                }
            }
            Raw.f32(frame[6], k, (float) product);
            Raw.f32(frame[7], k, (float) sum);
        }
    }
}
