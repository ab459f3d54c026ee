package io.gatun.perf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.gatun.nn.log.JsonFile;
import io.gatun.nn.log.ReportPage;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both nets end to end on tiny data, and the same weights after a kill. */
class TrainCommandTest {
    @TempDir
    private Path folder;

    private List<String> train(String model, Path out) throws IOException {
        String data =
                model.equals("resnet20") ? "cifar10:" + Cli.cifar(folder.resolve("cifar")) : "text:" + Cli.text(folder);
        return new ArrayList<>(List.of(
                "train",
                model,
                "--backend",
                "simd",
                "--threads",
                "2",
                "--batch",
                "8",
                "--epochs",
                "2",
                "--data",
                data,
                "--out",
                out.toString(),
                "--checkpoint-every",
                "1"));
    }

    @Test
    void resNetLearnsBrightFromDark() throws Exception {
        Path out = folder.resolve("new/r.safetensors");
        Path run = folder.resolve("new/r.safetensors.run");
        Path earlier = Files.createDirectories(run).resolve("events.out.tfevents.1.earlier");
        Files.writeString(earlier, "of a run that this one replaces");
        List<String> arguments = train("resnet20", out);
        arguments.addAll(List.of("--json", "--lr", "0.05"));
        Cli.Result result = Cli.run(arguments.toArray(String[]::new));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("272,474 parameters", "backend     simd, 2 threads", "epoch 2/2", "test accuracy")
                .contains("ran         ", "checkpoint  " + out);
        Map<String, Object> json = json(result.lastLine());
        assertThat(json).containsKeys("test_accuracy", "test_loss", "img_per_s", "seconds");
        assertThat(json).containsEntry("model", "resnet20").containsEntry("epochs", 2.0);
        assertThat(out).exists();
        assertThat(earlier).doesNotExist();
        assertThat(json).containsEntry("run", run.toString());
        reportSaysWhatTheLogsSay(run);
        ReportPage page = ReportPage.read(run.resolve("report.html"));
        // Eight test images of two of the ten classes.
        double seen = page.table("confusion").stream()
                .skip(1)
                .flatMap(row -> row.stream().skip(1))
                .mapToDouble(Double::parseDouble)
                .sum();
        assertThat(seen).isEqualTo(8);
        assertThat(page.all("img")).hasSize(8);
        assertThat(page.text("metrics")).contains("test accuracy");
        double accuracy = (double) json.get("test_accuracy");
        double right = 0;
        for (int c = 1; c <= 10; c++) {
            right += Double.parseDouble(page.table("confusion").get(c).get(c));
        }
        assertThat(right / seen).isEqualTo(accuracy);
    }

    /** Epoch by epoch, and the last epoch's figures at the top: CSV, JSON lines and the page agree to the bit. */
    private static void reportSaysWhatTheLogsSay(Path run) throws Exception {
        List<String> csv = Files.readAllLines(run.resolve("log.csv"));
        List<String> header = List.of(csv.getFirst().split(","));
        ReportPage page = ReportPage.read(run.resolve("report.html"));
        List<List<String>> table = page.table("epochs");
        assertThat(table).hasSameSizeAs(csv);
        List<Map<?, ?>> epochs = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve("log.jsonl"))) {
            Map<?, ?> event = JsonFile.parse(line);
            if (event.get("event").equals("epoch")) {
                epochs.add(event);
            }
        }
        Map<?, ?> metrics =
                (Map<?, ?>) JsonFile.read(run.resolve("results.json")).get("metrics");
        for (int i = 1; i < csv.size(); i++) {
            List<String> cells = List.of(csv.get(i).split(","));
            for (String column : List.of("train_loss", "test_loss", "test_accuracy")) {
                String name = column.replace('_', ' ').replace("train ", "training ");
                double shown =
                        Double.parseDouble(table.get(i).get(table.getFirst().indexOf(name)));
                assertThat(shown).isEqualTo(Double.parseDouble(cells.get(header.indexOf(column))));
                Map<?, ?> epoch = epochs.get(i - 1);
                Object logged = column.equals("train_loss")
                        ? epoch.get(column)
                        : ((Map<?, ?>) epoch.get("test")).get(column.substring(5));
                assertThat(shown).isEqualTo(logged);
                if (i == csv.size() - 1 && !column.equals("train_loss")) {
                    assertThat(metrics.get(column)).isEqualTo(shown);
                }
            }
        }
    }

    /**
     * Pictures of a folder, penalties, and a rate at which test losses go up and down: what the report, the command and
     * best.safetensors say is the best epoch's.
     */
    @Test
    void penalizedOnAFolderUntilPatienceEnds() throws Exception {
        Path out = folder.resolve("run/checkpoint.safetensors");
        Cli.Result result = Cli.run(
                "train",
                "lenet5",
                "--backend",
                "simd",
                "--threads",
                "2",
                "--batch",
                "8",
                "--epochs",
                "9",
                "--lr",
                "0.02",
                "--l1",
                "1e-4",
                "--l2",
                "1e-3",
                "--patience",
                "2",
                "--data",
                "folder:" + Cli.pictures(folder.resolve("pictures")),
                "--out",
                out.toString(),
                "--json");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("28x28x1, 2 classes", "best        epoch ");
        Map<String, Object> json = json(result.lastLine());
        int epochs = (int) (double) json.get("epochs");
        int best = (int) (double) json.get("best_epoch");
        assertThat(epochs).isEqualTo(Math.min(9, best + 2));
        assertThat(best).as("so that there is something to bring back").isLessThan(epochs);
        Path run = folder.resolve("run");
        List<String> csv = Files.readAllLines(run.resolve("log.csv"));
        List<String> header = List.of(csv.getFirst().split(","));
        List<String> row = List.of(csv.get(best).split(","));
        for (String figure : List.of("test_loss", "test_penalty", "test_accuracy")) {
            Map<?, ?> metrics =
                    (Map<?, ?>) JsonFile.read(run.resolve("results.json")).get("metrics");
            assertThat(metrics.get(figure)).isEqualTo(Double.parseDouble(row.get(header.indexOf(figure))));
        }
        assertThat(json.get("test_loss")).isEqualTo(Double.parseDouble(row.get(header.indexOf("test_loss"))));
        assertThat(Double.parseDouble(row.get(header.indexOf("test_penalty")))).isPositive();
        assertThat(run.resolve("best.safetensors")).exists();
        tensorBoardReads(run, epochs);

        Cli.Result other = Cli.run("train", "lenet5", "--resume", "--patience", "3", "--out", out.toString());
        assertThat(other.err()).contains("was made with --patience 2, not 3");
        Cli.Result again = Cli.run("train", "lenet5", "--resume", "--backend", "simd", "--out", out.toString());
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.out())
                .contains(result.out()
                        .lines()
                        .filter(line -> line.startsWith("best "))
                        .findFirst()
                        .orElseThrow());
    }

    /** Needs Python with the package tensorboard: {@code -Dgatun.python=…} or {@code python3}; else looks at names alone. */
    private void tensorBoardReads(Path run, int epochs) throws Exception {
        try (var files = Files.list(run)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .anyMatch(name -> name.startsWith("events.out"));
        }
        String python = System.getProperty("gatun.python", "python3");
        Path script = folder.resolve("read.py");
        Files.copy(getClass().getResourceAsStream("read_run.py"), script);
        Process process;
        try {
            process = new ProcessBuilder(python, script.toString(), run.toString(), Integer.toString(epochs))
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            // There is no such program.
            return;
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        if (!said.contains("No module named 'tensorboard'")) {
            assertThat(said.strip().lines().toList()).as(said).endsWith("read everything");
        }
    }

    @Test
    void withoutTensorBoardThereIsNoEventFile() throws Exception {
        Path out = folder.resolve("plain/checkpoint.safetensors");
        Cli.Result result = Cli.run(
                "train", "linear", "--backend", "simd", "--epochs", "1", "--no-tensorboard", "--out", out.toString());
        assertThat(result.code()).as(result.err()).isZero();
        try (var files = Files.list(out.getParent())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .contains("report.html")
                    .noneMatch(name -> name.startsWith("events."));
        }
    }

    @Test
    void charLstmBeatsTheUnigramEntropyAndWrites() throws Exception {
        Path out = folder.resolve("c.safetensors");
        List<String> arguments = train("charlstm", out);
        arguments.add("--json");
        arguments.set(arguments.indexOf("--epochs") + 1, "8");
        arguments.set(arguments.indexOf("--batch") + 1, "4");
        Cli.Result result = Cli.run(arguments.toArray(String[]::new));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("unigram entropy", "writes: ", "tokens/s");
        Map<String, Object> json = json(result.lastLine());
        assertThat(json).containsKeys("test_loss", "tokens_per_s").doesNotContainKey("test_accuracy");
        // Fourteen characters, equally often: log 14.
        assertThat((double) json.get("test_loss")).isLessThan(0.8 * Math.log(14));
        Path run = folder.resolve("c.safetensors.run");
        reportSaysWhatTheLogsSay(run);
        assertThat(ReportPage.read(run.resolve("report.html")).text("texts")).isNotBlank();
    }

    @Test
    void aKilledResNetEqualsAnUninterruptedOne() throws Exception {
        killedAndResumedEqualsUninterrupted("resnet20");
    }

    @Test
    @Tag("heavy")
    void aKilledLstmEqualsAnUninterruptedOne() throws Exception {
        killedAndResumedEqualsUninterrupted("charlstm");
    }

    private void killedAndResumedEqualsUninterrupted(String model) throws Exception {
        Path whole = folder.resolve("whole");
        Process process = Cli.fork(train(model, whole).toArray(String[]::new));
        process.getInputStream().readAllBytes();
        assertThat(process.waitFor()).isZero();

        Path killed = folder.resolve("killed");
        long seed = System.nanoTime();
        Random random = new Random(seed);
        process = Cli.fork(train(model, killed).toArray(String[]::new));
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            int steps = 1 + random.nextInt(4);
            for (String line = lines.readLine(); line != null && steps > 0; line = lines.readLine()) {
                steps -= line.startsWith("epoch") ? 1 : 0;
            }
            Thread.sleep(random.nextInt(30));
            process.destroyForcibly();
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();

        Cli.Result resumed = Cli.run("train", model, "--backend", "simd", "--resume", "--out", killed.toString());
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.out()).contains("resumed     ");
        assertThat(hash(killed)).as("seed %d: %s", seed, resumed.out()).isEqualTo(hash(whole));
        assertThat(figures(killed)).as("seed %d", seed).isEqualTo(figures(whole));
    }

    /** All of log.csv but its two columns of times. */
    private static List<String> figures(Path checkpoint) throws IOException {
        Path log = checkpoint.resolveSibling(checkpoint.getFileName() + ".run").resolve("log.csv");
        return Files.readAllLines(log).stream()
                .map(line -> line.replaceAll(",[^,]*,[^,]*$", ""))
                .toList();
    }

    private static String hash(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }

    /** A flat object; numbers as doubles. */
    static Map<String, Object> json(String line) throws IOException {
        Map<String, Object> fields = new TreeMap<>();
        try (JsonParser parser = new JsonFactory().createParser(line)) {
            assertThat(parser.nextToken()).isEqualTo(JsonToken.START_OBJECT);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String key = parser.currentName();
                fields.put(key, parser.nextToken().isNumeric() ? parser.getDoubleValue() : parser.getText());
            }
        }
        return fields;
    }
}
