package io.gatun.nn.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

class RunReportTest {
    private static final double[] TRAIN = {2.302585093, 1.25, 0.7071067811865476};
    private static final double[] TEST = {2.1, 1.5, 0.123456789012};

    @TempDir
    private Path folder;

    @BeforeEach
    void run() throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("{\"event\":\"run\",\"batches\":0,\"settings\":{\"lr\":0.1,\"data\":\"<a> & \\\"b\\\"\"}}");
        for (int i = 0; i < 3; i++) {
            for (int b = 1; b <= 400; b++) {
                lines.add("{\"event\":\"step\",\"batches\":" + (400 * i + b) + ",\"loss\":" + 2.0 / (400 * i + b)
                        + ",\"learning_rate\":0.1}");
            }
            lines.add("{\"event\":\"epoch\",\"batches\":" + 400 * (i + 1) + ",\"epoch\":" + (i + 1) + ",\"train_loss\":"
                    + TRAIN[i] + ",\"test\":{\"loss\":" + TEST[i] + ",\"accuracy\":" + (i == 1 ? "null" : "0.5")
                    + "},\"learning_rate\":0.1,\"items_per_second\":1234.5,\"seconds\":" + i + "}");
        }
        Files.write(folder.resolve("log.jsonl"), lines);
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("title", "a <title>");
        results.put("metrics", Map.of("test_accuracy", 0.987654321));
        results.put("classes", List.of("cat", "<dog>"));
        results.put("confusion", List.of(List.of(7, 1), List.of(0, 12)));
        results.put("per_class", List.of(Map.of("class", "cat"), Map.of("class", "<dog>")));
        String png = Base64.getEncoder().encodeToString(Png.encode(new byte[3], 1, 1, 3));
        results.put("samples", List.of(Map.of("true", "cat", "predicted", "<dog>", "probability", 0.75, "png", png)));
        results.put("texts", List.of("written <by> it\u0001"));
        results.put("environment", Map.of("cpu", "some & other"));
        Files.writeString(folder.resolve("results.json"), JsonLine.of(results));
    }

    @Test
    void showsTheNumbersOfTheLog() throws Exception {
        ReportPage page = ReportPage.read(RunReport.write(folder));
        List<List<String>> epochs = page.table("epochs");
        assertThat(epochs.getFirst())
                .containsExactly(
                        "epoch",
                        "training loss",
                        "test loss",
                        "test accuracy",
                        "learning rate",
                        "items a second",
                        "seconds");
        for (int i = 0; i < 3; i++) {
            List<String> row = epochs.get(i + 1);
            assertThat(Double.parseDouble(row.get(1))).isEqualTo(TRAIN[i]);
            assertThat(Double.parseDouble(row.get(2))).isEqualTo(TEST[i]);
        }
        assertThat(epochs.get(2).get(3)).isEqualTo("NaN");
        assertThat(page.table("confusion"))
                .containsExactly(
                        List.of("", "cat", "<dog>"), List.of("cat", "7.0", "1.0"), List.of("<dog>", "0.0", "12.0"));
        assertThat(page.table("settings")).contains(List.of("lr", "0.1"), List.of("data", "<a> & \"b\""));
        assertThat(page.table("environment")).contains(List.of("cpu", "some & other"));
        assertThat(page.text("texts")).contains("written <by> it");
        assertThat(page.text("metrics")).contains("test accuracy").contains("0.9877");
    }

    /** The points of a line are the numbers on the axis' scale: a straight map of one on the other. */
    @Test
    void linesAreDrawnWhereTheNumbersAre() throws Exception {
        ReportPage page = ReportPage.read(RunReport.write(folder));
        List<double[]> lines = page.lines("loss");
        assertThat(lines).hasSize(2);
        // 0 to 2.5 in steps of 0.5, from bottom (288) to top (34).
        for (int line = 0; line < 2; line++) {
            double[] values = line == 0 ? TRAIN : TEST;
            for (int i = 0; i < 3; i++) {
                assertThat(lines.get(line)[2 * i + 1]).isCloseTo(288 - values[i] / 2.5 * 254, within(0.01));
                assertThat(lines.get(line)[2 * i]).isCloseTo(62 + i / 2.0 * 556, within(0.01));
            }
        }
        assertThat(page.lines("shares").getFirst()).as("NaN is left out").hasSize(4);
        // 1200 steps: every third, the last one included.
        assertThat(page.lines("batches").getFirst()).hasSize(2 * 400);
    }

    @Test
    void aSingleEpochIsADot() throws Exception {
        Path log = folder.resolve("log.jsonl");
        List<String> lines = Files.readAllLines(log);
        Files.write(log, lines.subList(0, 402));
        ReportPage page = ReportPage.read(RunReport.write(folder));
        List<Element> dots = page.all("circle");
        assertThat(dots).as("training and test loss, accuracy").hasSize(3);
        assertThat(List.of(dots.getFirst().getAttribute("cx"), dots.getFirst().getAttribute("cy")))
                .extracting(Double::parseDouble)
                .containsExactly(
                        page.lines("loss").getFirst()[0], page.lines("loss").getFirst()[1]);
        Files.write(log, lines);
        assertThat(ReportPage.read(RunReport.write(folder)).all("circle")).isEmpty();
    }

    @Test
    void canBeReadWithoutSeeingIt() throws Exception {
        ReportPage page = ReportPage.read(RunReport.write(folder));
        assertThat(page.all("svg")).isNotEmpty().allSatisfy(svg -> {
            assertThat(svg.getAttribute("role")).isEqualTo("img");
            for (String id : svg.getAttribute("aria-labelledby").split(" ")) {
                assertThat(page.byId(id).getTextContent()).isNotBlank();
            }
        });
        assertThat(page.all("img")).hasSize(1).allSatisfy(image -> {
            assertThat(image.getAttribute("alt")).isEqualTo("Test image of cat, taken for <dog>");
            assertThat(image.getAttribute("src")).startsWith("data:image/png;base64,");
        });
        assertThat(page.all("th")).allMatch(th -> Arrays.asList("row", "col").contains(th.getAttribute("scope")));
        assertThat(page.all("table"))
                .allMatch(table -> table.getElementsByTagName("caption").getLength() == 1);
        assertThat(page.all("html")).allMatch(html -> html.getAttribute("lang").equals("en"));
        assertThat(page.all("title").getFirst().getTextContent()).isEqualTo("a <title>");
        assertThat(page.all("meta"))
                .extracting(meta -> meta.getAttribute("name"))
                .contains("viewport");
        assertThat(page.all("script")).isEmpty();
        assertThat(page.all("link")).isEmpty();
        String source = Files.readString(folder.resolve("report.html"));
        assertThat(source.replace("http://www.w3.org/", ""))
                .doesNotContain("http")
                .doesNotContain("url(");
        assertThat(source).contains("prefers-color-scheme: dark");
    }

    @Test
    void aRunWithoutResultsOrEpochsHasAReportToo() throws Exception {
        Files.delete(folder.resolve("results.json"));
        Files.writeString(folder.resolve("log.jsonl"), "{\"event\":\"run\",\"batches\":0,\"settings\":{}}\n");
        ReportPage page = ReportPage.read(RunReport.write(folder));
        assertThat(page.text("loss")).contains("nothing to draw");
        assertThat(page.all("title").stream().map(Element::getTextContent)).containsExactly("A training run");
    }

    @Test
    void aKilledRunHasAReportAndABrokenLogIsNamed() throws Exception {
        Path log = folder.resolve("log.jsonl");
        byte[] whole = Files.readAllBytes(RunReport.write(folder));
        Files.writeString(log, "{\"event\":\"ep", StandardOpenOption.APPEND);
        assertThat(Files.readAllBytes(RunReport.write(folder))).isEqualTo(whole);
        Files.writeString(log, "{}\n");
        assertThatThrownBy(() -> RunReport.write(folder))
                .hasMessageStartingWith(log + ", line 1 ")
                .hasMessageContaining("no event");
        Files.writeString(log, "hello\n");
        assertThatThrownBy(() -> RunReport.write(folder)).hasMessageStartingWith(log + ", line 1: ");
    }

    @Test
    void axesHaveRoundMarks() {
        SvgChart.Axis axis = SvgChart.Axis.of(0.13, 0.87);
        assertThat(new double[] {axis.from(), axis.to(), axis.step()})
                .containsExactly(new double[] {0, 1, 0.2}, within(1e-12));
        assertThat(axis.mark(3)).isEqualTo(0.6);
        axis = SvgChart.Axis.of(1, 12);
        assertThat(new double[] {axis.from(), axis.to(), axis.step()}).containsExactly(0, 12, 2);
        axis = SvgChart.Axis.of(5, 5);
        assertThat(axis.to()).isGreaterThan(axis.from());
    }
}
