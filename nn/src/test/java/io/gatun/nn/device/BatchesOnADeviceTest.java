package io.gatun.nn.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.gatun.autograd.Tape;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Shape;
import io.gatun.kernel.StandInDevice;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.Augmentation;
import io.gatun.nn.data.Batch;
import io.gatun.nn.data.BatchStream;
import io.gatun.nn.data.DataLoader;
import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Datasets;
import io.gatun.nn.data.Field;
import io.gatun.nn.data.ImageData;
import io.gatun.nn.data.ShapesImages;
import io.gatun.nn.data.image.Mixup;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Images that a device is sent as bytes are those that the host's loader makes, to the bit. */
class BatchesOnADeviceTest {
    private static final ImageData DATA = ShapesImages.load(3, 50, 10);
    private static final int BATCH = 16;

    private final Kernels kernels = StandInDevice.open();
    private final Tape tape = new Tape(kernels, kernels.memory(), 0, 5);

    @AfterEach
    void givesEverythingBack() {
        tape.close();
        assertThat(kernels.memory().leaks()).isEmpty();
        kernels.close();
    }

    /** Two epochs of four batches, the last one of two images. */
    private void agree(DataLoader loader, List<String> sent) {
        try (BatchStream host = loader.open(NativeMemory.standard());
                BatchStream device = loader.open(kernels.memory())) {
            for (int i = 0; i < 8; i++) {
                tape.reset(i);
                Batch wanted = host.next();
                Batch batch = device.next();
                assertThat(batch.fields()).extracting(Field::name).isEqualTo(sent);
                assertThat(batch.size()).isEqualTo(i % 4 == 3 ? 2 : BATCH);
                assertThat(batch.shape("images")).isEqualTo(Shape.of(batch.size(), 32, 32, 3));
                assertThat(batch.tensor(tape, "images").toArray())
                        .isEqualTo(wanted.get("images").toArray(ValueLayout.JAVA_FLOAT));
                assertThat(batch.get("labels").mismatch(wanted.get("labels"))).isEqualTo(-1);
            }
        }
    }

    @Test
    void bytesAreMadeIntoTheHostsImages() {
        List<String> sent = List.of("pixels", "windows", "labels");
        for (Augmentation augmentation : List.of(Augmentation.NONE, Augmentation.FLIP, Augmentation.CIFAR)) {
            agree(DataLoader.training(DATA.trainSamples(augmentation), BATCH, 7), sent);
        }
        agree(DataLoader.evaluation(DATA.trainSamples(Augmentation.CIFAR), BATCH), sent);
    }

    @Test
    void aPartOfASetIsSentInBytesToo() {
        Dataset all = ShapesImages.load(3, 60, 10).trainSamples(Augmentation.CIFAR);
        int[] indices = new int[50];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = 59 - i;
        }
        agree(DataLoader.training(Datasets.subset(all, indices), BATCH, 7), List.of("pixels", "windows", "labels"));
    }

    @Test
    void floatsAreSentWhereTheHostIsToHaveThem() {
        DataLoader loader = DataLoader.training(DATA.trainSamples(Augmentation.CIFAR), BATCH, 7);
        agree(loader.forDevice(false), List.of("images", "labels"));
        DataLoader mixed = loader.transform(new Mixup(DATA.train().classes(), 1));
        agree(mixed, List.of("images", "labels"));
    }

    @Test
    void whatTheDeviceMakesIsNotOnTheHost() {
        DataLoader loader = DataLoader.training(DATA.trainSamples(Augmentation.CIFAR), BATCH, 7);
        try (BatchStream device = loader.open(kernels.memory())) {
            Batch batch = device.next();
            assertThat(batch.get("pixels").byteSize()).isEqualTo(BATCH * 3072);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> batch.get("images"))
                    .withMessage(
                            "the device makes images f32 [32x32x3] of [pixels u8 [32x32x3], windows i32 [3], labels"
                                    + " i32 []], so it is not on the host: take tensor(tape, \"images\"), or load with"
                                    + " forDevice(false)");
        }
    }
}
