package io.gatun.nn.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.kernel.Shape;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.golden.GoldenFile;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Resizing, resampling, colours and mixing against PyTorch's numbers, see {@code images.py}. */
class ImageGoldenTest {
    private static final GoldenFile GOLDEN = GoldenFile.of(ImageGoldenTest.class, "images.safetensors");

    @AfterAll
    static void close() {
        GOLDEN.close();
    }

    private static Image load(String name) {
        Shape shape = GOLDEN.shape(name);
        Image image = new Image();
        image.reset(shape.dim(0), shape.dim(1), shape.dim(2));
        float[] values = GOLDEN.floats(name);
        System.arraycopy(values, 0, image.values(), 0, values.length);
        return image;
    }

    private static void assertSame(Image image, String name, double tolerance) {
        Shape shape = GOLDEN.shape(name);
        assertThat(Shape.of(image.height(), image.width(), image.channels())).isEqualTo(shape);
        float[] wanted = GOLDEN.floats(name);
        for (int i = 0; i < wanted.length; i++) {
            assertThat((double) image.values()[i])
                    .as("%s[%d]", name, i)
                    .isBetween(wanted[i] - tolerance, wanted[i] + tolerance);
        }
    }

    private static List<String> cases(String prefix) {
        List<String> cases =
                GOLDEN.cases().stream().filter(name -> name.startsWith(prefix)).toList();
        assertThat(cases).hasSizeGreaterThan(5);
        return cases;
    }

    @Test
    void resizesAsInterpolateWithAntialias() {
        for (String name : cases("resize_")) {
            Image image = load(name + "/src");
            Shape to = GOLDEN.shape(name + "/dst");
            Resize.to(to.dim(0), to.dim(1)).apply(image, null);
            assertSame(image, name + "/dst", 1e-6);
        }
    }

    @Test
    void resamplesAsGridSample() {
        for (String name : cases("affine_")) {
            float[] p = GOLDEN.floats(name + "/parameters");
            Affine affine = Affine.of(p[0], p[1], p[2], p[3], p[4]);
            Image zeros = load(name + "/src");
            affine.resample(zeros, Border.BLACK);
            assertSame(zeros, name + "/zeros", 2e-6);
            Image border = load(name + "/src");
            affine.resample(border, Border.EDGE);
            assertSame(border, name + "/border", 2e-6);
        }
    }

    @Test
    void composesTwoTransformsInOneResample() {
        Image image = load("composed/src");
        Affine.of(25, 0, 0, 1.1, 0).then(Affine.of(0, -2, 1.25, 1, 10)).resample(image, Border.BLACK);
        assertSame(image, "composed/dst", 2e-6);
    }

    @Test
    void changesColoursAsTorchvision() {
        for (String factor : List.of("0.0", "0.4", "1.7")) {
            Image bright = load("colour/src");
            Colors.brightness(bright, Float.parseFloat(factor));
            assertSame(bright, "colour/brightness_" + factor, 1e-6);
            Image contrast = load("colour/src");
            Colors.contrast(contrast, Float.parseFloat(factor));
            assertSame(contrast, "colour/contrast_" + factor, 1e-6);
            Image saturation = load("colour/src");
            Colors.saturation(saturation, Float.parseFloat(factor));
            assertSame(saturation, "colour/saturation_" + factor, 1e-6);
        }
        for (String turn : List.of("-0.5", "-0.1", "0.3")) {
            Image hue = load("colour/src");
            Colors.hue(hue, Float.parseFloat(turn));
            assertSame(hue, "colour/hue_" + turn, 5e-6);
        }
        Image grey = load("grey/src");
        Colors.contrast(grey, 1.7f);
        assertSame(grey, "grey/contrast_1.7", 1e-6);
        Colors.saturation(grey, 0.1f);
        Colors.hue(grey, 0.1f);
        assertSame(grey, "grey/contrast_1.7", 1e-6);
    }

    @Test
    void mixesEachImageWithTheOneBeforeIt() {
        float[] images = GOLDEN.floats("mixup/images");
        Shape shape = GOLDEN.shape("mixup/images");
        int elements = images.length / 4;
        float[] last = new float[elements];
        System.arraycopy(images, 3 * elements, last, 0, elements);
        MemorySegment memory = MemorySegment.ofArray(images);
        Mixup mixup = new Mixup(3, 1);
        Shape one = Shape.of(shape.dim(1), shape.dim(2), shape.dim(3));
        assertThat(mixup.mix(memory, one, 4, 0.3, SplitMix.of(1), last)).isEqualTo(0.3);
        assertThat(images).containsExactly(GOLDEN.floats("mixup/mixed"), org.assertj.core.data.Offset.offset(1e-6f));
        MemorySegment labels = MemorySegment.ofArray(GOLDEN.integers("mixup/labels"));
        float[] soft = new float[12];
        mixup.soften(labels, MemorySegment.ofArray(soft), 4, 0.3);
        assertThat(soft).containsExactly(GOLDEN.floats("mixup/soft"), org.assertj.core.data.Offset.offset(1e-6f));
    }

    @Test
    void cutMixTakesARectangleOfTheImageBefore() {
        // Image i is all i; 20 x 30.
        float[] images = new float[4 * 600];
        IntStream.range(0, images.length).forEach(i -> images[i] = i / 600);
        float[] last = new float[600];
        java.util.Arrays.fill(last, 3);
        double kept =
                new CutMix(4, 1).mix(MemorySegment.ofArray(images), Shape.of(20, 30, 1), 4, 0.6, SplitMix.of(5), last);
        for (int i = 0; i < 4; i++) {
            int own = i;
            long same = IntStream.range(own * 600, own * 600 + 600)
                    .filter(at -> images[at] == own)
                    .count();
            long before = IntStream.range(own * 600, own * 600 + 600)
                    .filter(at -> images[at] == (own + 3) % 4)
                    .count();
            assertThat(same + before).isEqualTo(600);
            assertThat(same / 600.0).isEqualTo(kept, org.assertj.core.data.Offset.offset(1e-12));
        }
        assertThat(kept).isBetween(0.6, 0.99);
    }
}
