package io.gatun.nn.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ImageDataset;
import io.gatun.nn.data.ShapesImages;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.data.Standardization;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class AugmentTest {
    private static final ImageData DATA = ShapesImages.load(3, 20, 5);
    private static final int DRAWS = 4000;

    /** Everything at once. */
    private static final Augment ALL = Augment.of(
            Augment.flip(0.5),
            Augment.flipVertical(0.5),
            Augment.rotate(20),
            Augment.shift(0.2),
            Augment.zoom(0.2),
            Augment.shear(10),
            Augment.crop(32, 32, 4),
            RandomResizedCrop.of(32),
            Augment.colorJitter(0.4, 0.4, 0.4, 0.1),
            Augment.erase(0.5),
            Augment.cutout(8));

    private static float[] read(Dataset set, int sample, SplitMix random) {
        float[] image = new float[(int) set.fields().getFirst().shape().elements()];
        MemorySegment[] targets = {MemorySegment.ofArray(image), MemorySegment.ofArray(new int[1])};
        set.reader().read(sample, random, targets, 0);
        return image;
    }

    /** Pixel (y, x) is 10·y + x, in one channel. */
    private static Image numbered(int height, int width) {
        Image image = new Image();
        image.reset(height, width, 1);
        for (int i = 0; i < height * width; i++) {
            image.values()[i] = i / width * 10 + i % width;
        }
        return image;
    }

    private static float[] values(Image image) {
        return Arrays.copyOf(image.values(), image.height() * image.width() * image.channels());
    }

    @Test
    void anEvaluationSeesEveryImageAsItIs() {
        Dataset plain = DATA.train().samples(Standardization.none(3));
        for (Augment augment : List.of(ALL, Augmentation.CIFAR, Augment.crop(32, 32, 4), RandomResizedCrop.of(32))) {
            Dataset augmented = DATA.train().samples(Standardization.none(3), augment);
            for (int sample = 0; sample < 20; sample++) {
                assertThat(read(augmented, sample, null)).isEqualTo(read(plain, sample, null));
                assertThat(read(augmented, sample, SplitMix.of(1, 0, sample))).isNotEqualTo(read(plain, sample, null));
            }
        }
    }

    @Test
    void whatIsDrawnDependsOnTheKeysAlone() {
        Dataset augmented = DATA.train().samples(DATA.standardization(), ALL);
        float[] first = read(augmented, 3, SplitMix.of(1, 2, 3));
        read(augmented, 7, SplitMix.of(1, 2, 7));
        assertThat(read(augmented, 3, SplitMix.of(1, 2, 3))).isEqualTo(first);
        assertThat(read(augmented, 3, SplitMix.of(1, 3, 3))).isNotEqualTo(first);
        assertThat(read(augmented, 3, SplitMix.of(2, 2, 3))).isNotEqualTo(first);
    }

    @Test
    void theFastPathOfShiftAndMirrorGivesWhatTheGeneralOneDoes() {
        ImageDataset set = DATA.train();
        Augment hidden = Augmentation.CIFAR::augment;
        for (int sample = 0; sample < 20; sample++) {
            SplitMix random = SplitMix.of(5, 1, sample);
            float[] general = read(set.samples(DATA.standardization(), hidden), sample, random);
            float[] fast =
                    read(set.samples(DATA.standardization(), Augmentation.CIFAR), sample, SplitMix.of(5, 1, sample));
            for (int i = 0; i < fast.length; i++) {
                assertThat(general[i]).isEqualTo(fast[i], within(2e-6f));
            }
        }
    }

    @Test
    void flipsMirrorHalfOfTheTime() {
        Image image = numbered(2, 3);
        new RandomFlip(1, true).augment(image, SplitMix.of(1));
        assertThat(values(image)).containsExactly(2, 1, 0, 12, 11, 10);
        new RandomFlip(1, false).augment(image, SplitMix.of(1));
        assertThat(values(image)).containsExactly(12, 11, 10, 2, 1, 0);
        new RandomFlip(0, false).augment(image, SplitMix.of(1));
        assertThat(values(image)).containsExactly(12, 11, 10, 2, 1, 0);
        int flips = 0;
        for (int i = 0; i < DRAWS; i++) {
            Image drawn = numbered(1, 2);
            Augment.flip(0.3).augment(drawn, SplitMix.of(1, 0, i));
            flips += drawn.values()[0] == 1 ? 1 : 0;
        }
        // Four standard deviations of a binomial are 0.029.
        assertThat(flips / (double) DRAWS).isEqualTo(0.3, within(0.029));
    }

    @Test
    void affineDrawsFillTheirRangesEvenly() {
        Image image = numbered(10, 20);
        RandomAffine affine = new RandomAffine(20, 0.1, 0.2, 0.8, 1.2, 0, Border.BLACK);
        double[] least = {9e9, 9e9, 9e9, 9e9};
        double[] most = {-9e9, -9e9, -9e9, -9e9};
        double[] sum = new double[4];
        for (int i = 0; i < DRAWS; i++) {
            Affine drawn = affine.draw(image, SplitMix.of(2, 0, i));
            double scale = 1 / Math.sqrt(drawn.xx() * drawn.yy() - drawn.xy() * drawn.yx());
            double angle = Math.toDegrees(Math.atan2(drawn.xy(), drawn.xx()));
            // Solve for the shift: the inverse maps it to the centre.
            double x = -scale * scale * (drawn.yy() * drawn.dx() - drawn.xy() * drawn.dy());
            double y = -scale * scale * (drawn.xx() * drawn.dy() - drawn.yx() * drawn.dx());
            double[] values = {angle / 20, x / 2, y / 2, (scale - 1) / 0.2};
            for (int k = 0; k < 4; k++) {
                least[k] = Math.min(least[k], values[k]);
                most[k] = Math.max(most[k], values[k]);
                sum[k] += values[k] / DRAWS;
            }
        }
        for (int k = 0; k < 4; k++) {
            assertThat(least[k]).as("value %d", k).isBetween(-1.0000001, -0.99);
            assertThat(most[k]).as("value %d", k).isBetween(0.99, 1.0000001);
            // Four standard deviations of a mean of uniform numbers on (-1, 1): 4 · 0.577 / 63.
            assertThat(sum[k]).as("value %d", k).isEqualTo(0, within(0.037));
        }
    }

    @Test
    void neighbouringAffineStepsAreResampledOnce() {
        RandomAffine larger = RandomAffine.NONE.scale(2, 2).border(Border.EDGE);
        RandomAffine smaller = RandomAffine.NONE.scale(0.5, 0.5).border(Border.EDGE);
        Image once = numbered(9, 9);
        Augment.of(larger, smaller).augment(once, SplitMix.of(1));
        assertThat(values(once)).containsExactly(values(numbered(9, 9)), within(1e-4f));
        // One after the other they lose what was outside.
        Image twice = numbered(9, 9);
        larger.augment(twice, SplitMix.of(1));
        smaller.augment(twice, SplitMix.of(1));
        assertThat(twice.values()[0]).isEqualTo(22);
    }

    @Test
    void cropsReachEveryPlaceAndPadWithBlack() {
        TreeSet<Float> corners = new TreeSet<>();
        for (int i = 0; i < 500; i++) {
            Image image = numbered(4, 5);
            image.values()[0] = -1;
            Augment.crop(4, 5, 1).augment(image, SplitMix.of(3, 0, i));
            assertThat(image).hasToString("4x5x1");
            corners.add(image.values()[6]);
        }
        assertThat(corners).containsExactly(-1f, 1f, 2f, 10f, 11f, 12f, 20f, 21f, 22f);
        assertThatThrownBy(() -> Augment.crop(9, 9, 1).augment(numbered(4, 5), SplitMix.of(1)))
                .hasMessageContaining("9x9 does not fit into an image of 4x5x1 padded by 1");
    }

    @Test
    void resizedCropsFollowTheRangesOfAreaAndProportion() {
        RandomResizedCrop crop = RandomResizedCrop.of(8);
        double area = 0;
        for (int i = 0; i < DRAWS; i++) {
            RandomResizedCrop.Part part = crop.draw(200, 300, SplitMix.of(4, 0, i));
            assertThat(part.top()).isBetween(0, 200 - part.height());
            assertThat(part.left()).isBetween(0, 300 - part.width());
            assertThat(part.width() / (double) part.height()).isBetween(0.73, 1.36);
            double share = part.width() * part.height() / 60_000.0;
            assertThat(share).isBetween(0.07, 1.0);
            area += share / DRAWS;
        }
        // A part of more than 8/9 of the area is as wide as 4:3 allows only when its height fits, so less than 0.54.
        assertThat(area).isBetween(0.35, 0.54);
        // Nothing fits: the middle, in the nearest proportions.
        RandomResizedCrop whole = new RandomResizedCrop(8, 8, 1, 1, 0.75, 4.0 / 3);
        assertThat(whole.draw(10, 40, SplitMix.of(1))).isEqualTo(new RandomResizedCrop.Part(0, 13, 10, 13));
        assertThat(whole.draw(40, 10, SplitMix.of(1))).isEqualTo(new RandomResizedCrop.Part(13, 0, 13, 10));
    }

    @Test
    void erasingFillsTheShareThatItDraws() {
        int erased = 0;
        for (int i = 0; i < 1000; i++) {
            Image image = new Image();
            image.reset(50, 40, 1);
            Arrays.fill(image.values(), 1);
            Augment.erase(0.4).augment(image, SplitMix.of(5, 0, i));
            int black = 0;
            for (float value : values(image)) {
                black += value == 0 ? 1 : 0;
            }
            erased += black > 0 ? 1 : 0;
            assertThat(black / 2000.0).isBetween(0.0, 0.36);
        }
        assertThat(erased / 1000.0).isEqualTo(0.4, within(0.062));
        TreeSet<Integer> sizes = new TreeSet<>();
        for (int i = 0; i < 300; i++) {
            Image image = new Image();
            image.reset(10, 10, 1);
            Arrays.fill(image.values(), 1);
            Augment.cutout(4).augment(image, SplitMix.of(6, 0, i));
            int black = 0;
            for (float value : values(image)) {
                black += value == 0 ? 1 : 0;
            }
            sizes.add(black);
        }
        assertThat(sizes.first()).isEqualTo(4);
        assertThat(sizes.last()).isEqualTo(16);
    }

    @Test
    void centreCropAndShorterSide() {
        Image image = numbered(5, 4);
        new CenterCrop(2, 3).apply(image, null);
        // (5 - 2) / 2 = 1.5 rounds to 2, (4 - 3) / 2 = 0.5 to 0: ties to even.
        assertThat(values(image)).containsExactly(20, 21, 22, 30, 31, 32);
        new CenterCrop(4, 3).apply(image, null);
        assertThat(values(image)).containsExactly(0, 0, 0, 20, 21, 22, 30, 31, 32, 0, 0, 0);
        Image wide = numbered(30, 50);
        Resize.shorter(16).apply(wide, null);
        assertThat(wide).hasToString("16x26x1");
        Image high = numbered(50, 30);
        Resize.shorter(16).apply(high, null);
        assertThat(high).hasToString("26x16x1");
    }

    @Test
    void betaHasItsMeanAndVariance() {
        for (double alpha : new double[] {0.2, 1, 4}) {
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < DRAWS; i++) {
                double x = Beta.symmetric(SplitMix.of(7, 0, i), alpha);
                assertThat(x).isBetween(0.0, 1.0);
                sum += x / DRAWS;
                squares += x * x / DRAWS;
            }
            assertThat(sum).isEqualTo(0.5, within(0.03));
            assertThat(squares - sum * sum).isEqualTo(1 / (4 * (2 * alpha + 1)), within(0.01));
        }
        assertThat(Beta.symmetric(SplitMix.of(1), 1e-4)).isBetween(0.0, 1.0);
    }

    @Test
    void fitsTheStandardizationToTheTrainingSet() {
        Dataset raw = DATA.train().samples(Standardization.none(3));
        Standardization fitted = Standardization.fit(raw, "images");
        for (int c = 0; c < 3; c++) {
            assertThat(fitted.mean()[c]).isEqualTo(DATA.standardization().mean()[c], within(1e-6f));
            assertThat(fitted.std()[c]).isEqualTo(DATA.standardization().std()[c], within(1e-6f));
        }
    }

    @Test
    void refusesWhatCannotWork() {
        assertThatThrownBy(() -> Augment.flip(1.5)).hasMessageContaining("probability 1.5 must be 0 to 1");
        assertThatThrownBy(() -> Augment.zoom(1)).hasMessageContaining("a scale of 0.0 to 2.0");
        assertThatThrownBy(() -> Augment.colorJitter(0, 0, 0, 0.6)).hasMessageContaining("hue at most 0.5");
        assertThatThrownBy(() -> Augment.shear(90)).hasMessageContaining("shear by 90.0 degrees");
        assertThatThrownBy(() -> new Mixup(3, 0)).hasMessageContaining("alpha must be above 0");
        Dataset wrong =
                new ImagePipeline(ImageSource.of(DATA.train()), 16, 16, Standardization.none(3), Augment.flip(0.5));
        assertThatThrownBy(() -> read(wrong, 2, null))
                .hasMessageContaining("image 2 is 32x32x3 after its transforms, not 16x16x3");
    }
}
