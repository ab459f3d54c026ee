package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything a user can get wrong is answered by one sentence and exit code 2. */
class BadInputTest {
    private static final String BASELINE =
            Path.of("").toAbsolutePath().resolve("results/zen5-2core.json").toString();

    @TempDir
    private static Path folder;

    @BeforeAll
    static void files() throws IOException {
        Cli.text(folder);
        Cli.cifar(folder.resolve("cifar"));
        Files.createDirectories(folder.resolve("half"));
        Files.copy(folder.resolve("cifar/data_batch_1.bin"), folder.resolve("half/data_batch_1.bin"));
        String[] train = {
            "train",
            "charlstm",
            "--backend",
            "simd",
            "--epochs",
            "1",
            "--batch",
            "4",
            "--threads",
            "1",
            "--data",
            "text:" + folder.resolve("text.txt"),
            "--out",
            folder.resolve("good").toString()
        };
        assertThat(Cli.run(train).code()).isZero();
        byte[] good = Files.readAllBytes(folder.resolve("good"));
        Files.write(folder.resolve("truncated"), java.util.Arrays.copyOf(good, good.length - 100));
        Files.writeString(folder.resolve("words"), "no checkpoint");
    }

    static Stream<Arguments> table() {
        String f = folder.toString();
        return Stream.of(
                row("unknown command 'trian'; known are train, bench, tune, doctor, jmh, compare, gpu", "trian"),
                row("Unknown option: '--fast'", "train", "resnet20", "--fast"),
                row("Missing required parameter: 'MODEL'", "train"),
                row(
                        "unknown model 'resnet21'; known are linear, logistic, perceptron, mlp, rbf, lenet5,"
                                + " autoencoder, vgg, vgg16, resnet20, resnet18, resnet34, resnet50, transfer,"
                                + " degradation, charlstm, chargru, adding, sine, seq2seq, gpt",
                        "train",
                        "resnet21"),
                row("unknown backend 'mkl'; known are auto, onednn, simd, reference, cuda", train("--backend", "mkl")),
                row("--device 1 is for --backend cuda, not for auto", train("--device", "1")),
                row(
                        "--device 0 is for --backend cuda, not for simd",
                        "bench",
                        "train",
                        "mlp",
                        "--backend",
                        "simd",
                        "--device",
                        "0"),
                row("--device -1 is less than 0", train("--backend", "cuda", "--device", "-1")),
                row(
                        "--precision bf16 is for --backend cuda, not for auto, which has no kernels for it",
                        train("--precision", "bf16")),
                row("unknown precision 'half'; known are f32, tf32, bf16, f16", train("--precision", "half")),
                row(
                        "--precision tf32 is for --backend cuda, not for reference",
                        train("--backend", "reference", "--precision", "tf32")),
                row("Missing required subcommand; known are measure, report", "gpu"),
                row("Missing required option: '--log=FILE'", "gpu", "measure", "steps"),
                row("unknown precision 'half'", "gpu", "measure", "steps", "--log", f + "/log", "--precision", "half"),
                row("nowhere/sections does not exist", "gpu", "report", f + "/nowhere"),
                row("--batch 0 is less than 1", train("--batch", "0")),
                row("--epochs -1 is less than 1", train("--epochs", "-1")),
                row("--threads 0 is less than 1", train("--threads", "0")),
                row("'x' is not a", train("--epochs", "x")),
                row("--lr -1.0 is not a positive number", train("--lr", "-1")),
                row("--l1 -1.0 is not a number from 0 on", train("--l1", "-1")),
                row("--l2 NaN is not a number from 0 on", train("--l2", "NaN")),
                row("--patience -1 is less than 0", train("--patience", "-1")),
                row("folder:DIR", train("--data", "folder")),
                row("the image folder does not exist", train("--data", "folder:" + f + "/nowhere")),
                row("make one for each class", train("--data", "folder:" + f + "/half")),
                row("known are shapes, cifar10:DIR, mnist:DIR", train("--data", "imagenet")),
                row("resnet20 learns from images: unknown image data \"jdk\"", train("--data", "jdk")),
                row("gpt learns from text: unknown text data \"shapes\"", "train", "gpt", "--data", "shapes"),
                row("linear makes its own data; leave --data jdk out", "train", "linear", "--data", "jdk"),
                row("resnet20 begins with weights of its own", train("--backbone", f + "/good")),
                row("good has the weights of no ResNet-20", "train", "transfer", "--backbone", f + "/good"),
                row("nowhere does not exist", "train", "transfer", "--backbone", f + "/nowhere"),
                row("cifar10:DIR", train("--data", "cifar10")),
                row("does not exist", train("--data", "cifar10:" + f + "/nowhere")),
                row("lacks data_batch_2.bin, data_batch_3.bin", train("--data", "cifar10:" + f + "/half")),
                row("lacks train-images-idx3-ubyte", train("--data", "mnist:" + f + "/half")),
                row("no checkpoint to resume", train("--resume", "--out", f + "/none")),
                row("truncated", resume(f + "/truncated")),
                row("at byte", resume(f + "/truncated")),
                row(f + "/words", resume(f + "/words")),
                row("checkpoint of charlstm, not of resnet20", train("--resume", "--out", f + "/good")),
                row("was made with --epochs 1, not 2", resume(f + "/good", "--epochs", "2")),
                row("is a folder", train("--data", "cifar10:" + f + "/cifar", "--out", f)),
                row("nothing to tune: give a MODEL, or --specs FILE", "tune", "--save", f + "/choices"),
                row("Missing required option: '--save=FILE'", "tune", "mlp"),
                row("unknown model 'resnet21'", "tune", "resnet21", "--save", f + "/choices"),
                row("is in no folder that exists", "tune", "mlp", "--save", f + "/nowhere/choices"),
                row("--seconds 0.0 is not within", "tune", "mlp", "--seconds", "0", "--save", f + "/choices"),
                row("words, line 1: ", "tune", "--specs", f + "/words", "--save", f + "/choices"),
                row("unknown spec family 'gem'", "bench", "gem f32 m=1"),
                row("the data type is missing", "bench", "gemm m=1 n=1 k=1"),
                row("key 'k' is missing", "bench", "gemm f32 m=1 n=1"),
                row("lda=1 is less than a row of A, 3", "bench", "gemm f32 m=2 n=2 k=3 lda=1"),
                row(
                        "ic=3 and oc=4 are not both divisible by g=2",
                        "bench",
                        "conv f32 n=1 h=2 w=2 ic=3 oc=4 kh=1 kw=1 g=2"),
                row("unknown backend 'mkl'", "bench", "gemm f32 m=1 n=1 k=1", "--vs", "simd,mkl"),
                row("different ones of onednn, simd, reference", "bench", "gemm f32 m=1 n=1 k=1", "--vs", "simd,simd"),
                row("onednn has no kernel for 'dropout", "bench", "dropout f32 count=8 p=0.5", "--vs", "onednn"),
                row("'gemm f32 m=0 n=8 k=8' is empty, a has no", "bench", "gemm f32 m=0 n=8 k=8", "--vs", "simd"),
                row("there is nothing to time", "bench", "gemm f32 m=8 n=8 k=0", "--vs", "simd,reference"),
                row("there is nothing to time", "bench", "lstm f32 training t=0 b=2 i=4 h=5", "--vs", "simd"),
                row("there is nothing to time", "bench", "reduce f32 sum shape=4x0 axes=0", "--vs", "simd"),
                row("nowhere.json does not exist", "compare", f + "/nowhere.json", f + "/words"),
                row("Missing required parameter: 'NEW'", "compare", f + "/words"),
                row("no benchmark matches 'alexnet'", "jmh", "alexnet"),
                row("give it with --save FILE", "jmh", "--missing"),
                row("unknown option '--nonsense'", "jmh", "--nonsense"),
                row("the document has no '<!-- figures", "jmh", "--table", BASELINE, f + "/words"),
                row("--seconds 0.0 is not", "bench", "gemm f32 m=1 n=1 k=1", "--seconds", "0"),
                row("at least 1 thread", "bench", "gemm f32 m=1 n=1 k=1", "--threads", "0", "--vs", "simd"));
    }

    /** Whatever this machine has and other tests have loaded, there are no hundred GPUs. */
    @Test
    void withoutThatGpuCudaIsRefusedInOneSentence() {
        System.setProperty("gatun.cuda.device", "99");
        try {
            cudaIsRefused();
        } finally {
            System.clearProperty("gatun.cuda.device");
        }
    }

    private static void cudaIsRefused() {
        String why = assertThrows(NativeUnavailableException.class, () -> Kernels.open("cuda", 1))
                .getMessage();
        assertThat(why).startsWith("backend cuda was demanded and cannot be used: ");
        String[][] commands = {
            train("--backend", "cuda"),
            {"bench", "train", "mlp", "--backend", "cuda"},
            {"bench", "gemm f32 m=1 n=1 k=1", "--vs", "cuda,simd"},
            {"gpu", "measure", "launches", "--log", folder.resolve("log").toString()}
        };
        for (String[] command : commands) {
            Cli.Result result = Cli.run(command);
            assertThat(result.code()).isEqualTo(Errors.BAD_INPUT);
            assertThat(result.err().strip()).isEqualTo(why.strip());
            assertThat(result.err().strip().lines()).hasSize(1);
        }
        Cli.Result doctor = Cli.run("doctor");
        assertThat(doctor.code()).isZero();
        assertThat(doctor.out()).contains("cuda\n  not used: ").doesNotContain("was demanded");
    }

    @Test
    void theDoctorNamesASettingThatCannotBe() {
        System.setProperty("gatun.cuda.device", "first");
        try {
            Cli.Result doctor = Cli.run("doctor");
            assertThat(doctor.code()).isZero();
            assertThat(doctor.out())
                    .contains("cuda\n  not used: -Dgatun.cuda.device=first is no number of a device; they are counted");
        } finally {
            System.clearProperty("gatun.cuda.device");
        }
    }

    private static Arguments row(String message, String... arguments) {
        return Arguments.of(message, List.of(arguments));
    }

    private static String[] train(String... more) {
        return Stream.concat(Stream.of("train", "resnet20"), Stream.of(more)).toArray(String[]::new);
    }

    private static String[] resume(String file, String... more) {
        return Stream.concat(Stream.of("train", "charlstm", "--resume", "--out", file), Stream.of(more))
                .toArray(String[]::new);
    }

    @ParameterizedTest(name = "{1}: {0}")
    @MethodSource("table")
    void isAnsweredByOneSentence(String message, List<String> arguments) {
        Cli.Result result = Cli.run(arguments.toArray(String[]::new));
        assertThat(result.err()).contains(message);
        assertThat(result.err().strip().lines()).as(result.err()).hasSize(1);
        assertThat(result.err()).doesNotContain("Exception").doesNotContain("null");
        assertThat(result.code()).isEqualTo(Errors.BAD_INPUT);
    }

    /** 2 GB of a net's parameters on a machine that has not so much. */
    @Test
    void aNetThatDoesNotFitIsRefusedBeforeItIsMade() throws IOException {
        String data = "cifar10:" + Cli.cifar(folder.resolve("tiny"));
        String limit = System.setProperty("gatun.memory.limit", Long.toString(1 << 29));
        try {
            Cli.Result result = Cli.run("train", "vgg16", "--data", data, "--out", folder + "/vgg16");
            assertThat(result.err().strip().lines()).hasSize(1);
            assertThat(result.err())
                    .contains("out of native memory for Vgg parameters: asked 537", "of 536870912 in use");
            assertThat(result.code()).isEqualTo(Errors.BAD_INPUT);
        } finally {
            if (limit == null) {
                System.clearProperty("gatun.memory.limit");
            } else {
                System.setProperty("gatun.memory.limit", limit);
            }
        }
    }

    @Test
    void stacktraceIsPrintedOnRequest() {
        Cli.Result result = Cli.run("bench", "gem f32", "--stacktrace");
        assertThat(result.err()).contains("unknown spec family").contains("\tat io.gatun.spec.Spec.parse");
        assertThat(result.code()).isEqualTo(Errors.BAD_INPUT);
    }
}
