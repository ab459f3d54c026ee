package io.gatun.nn.data.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gatun.nn.io.FormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {
    @TempDir
    Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("t.csv"), text);
    }

    private FormatException refused(String text) throws IOException {
        return refused(text.getBytes(StandardCharsets.UTF_8), Csv.standard());
    }

    private FormatException refused(byte[] bytes, Csv csv) throws IOException {
        Path file = Files.write(folder.resolve("t.csv"), bytes);
        FormatException refusal = catchThrowableOfType(FormatException.class, () -> csv.read(file));
        assertThat(refusal).isNotNull();
        assertThat(refusal.getMessage()).startsWith(file + ": ");
        assertThat(refusal.offset()).isEqualTo(-1);
        return refusal;
    }

    @Test
    void numbersCategoriesAndGaps() throws IOException {
        Table table = Csv.standard().read(file("age,city,code\n31,Graz,1d\n,\"NA\",2\n 4e1 ,Wien,\n-.5,Graz,3\n"));
        assertThat(table.rows()).isEqualTo(4);
        assertThat(table.names()).containsExactly("age", "city", "code");
        assertThat(table.numeric("age").values()).containsExactly(31, Double.NaN, 40, -0.5);
        CategoryColumn city = table.categories("city");
        assertThat(city.categories()).containsExactly("Graz", "Wien");
        assertThat(city.codes()).containsExactly(0, -1, 1, 0);
        // "1d" is a number to Java and to nobody else.
        assertThat(table.categories("code").categories()).containsExactly("1d", "2", "3");
        assertThat(table.matrix("age").values()).containsExactly(31, Float.NaN, 40, -0.5f);
        assertThat(table.select(3, 0).categories("city").codes()).containsExactly(0, 0);
        assertThat(table.without("city").names()).containsExactly("age", "code");
        assertThatThrownBy(() -> table.numeric("city")).hasMessageContaining("encode it");
        assertThatThrownBy(() -> table.categories("age")).hasMessageContaining("CATEGORICAL");
        assertThatThrownBy(() -> table.column("ages")).hasMessageContaining("[age, city, code]");
        assertThatThrownBy(table::matrix).hasMessageContaining("\"city\"");
    }

    @Test
    void rfc4180Quoting() throws IOException {
        List<List<String>> rows = new ArrayList<>();
        List<Long> lines = new ArrayList<>();
        Csv csv = Csv.standard().withMissing();
        Path file = file("\uFEFFa,b\r\n\"x, y\",\"say \"\"hi\"\"\"\r\n\"two\nlines\",\r\n\r\nlast,\"\"");
        List<String> names = csv.forEach(file, (line, fields) -> {
            rows.add(List.of(fields));
            lines.add(line);
        });
        assertThat(names).containsExactly("a", "b");
        assertThat(rows).containsExactly(List.of("x, y", "say \"hi\""), List.of("two\nlines", ""), List.of("last", ""));
        assertThat(lines).containsExactly(2L, 3L, 6L);
    }

    @Test
    void otherSeparatorsNoHeaderDeclaredTypes() throws IOException {
        Csv csv =
                Csv.standard().separatedBy(';').withoutHeader().withMissing("?").with("c0", ColumnType.CATEGORICAL);
        Table table = csv.read(file("1;2,5\n2;?\n1;x\n"));
        assertThat(table.categories("c0").categories()).containsExactly("1", "2");
        assertThat(table.categories("c1").categories()).containsExactly("2,5", "x");
        Table tabs = Csv.standard().separatedBy('\t').read(file("a\tb\n1\tinf\n2\t-Infinity\n"));
        assertThat(tabs.numeric("b").values()).containsExactly(Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
        assertThat(Csv.standard().read(file("a,b\n")).rows()).isZero();
        assertThatThrownBy(() -> csv.with("zip", ColumnType.NUMERIC).read(file("1;2\n")))
                .hasMessageContaining("no column \"zip\"");
    }

    @Test
    void badLinesAreNamed() throws IOException {
        assertThat(refused("a,b\n1,2\n\n3\n")).hasMessageContaining("1 fields, the first has 2 (line 4, column 2)");
        assertThat(refused("a,b\n\"x\ny\",2\n3,4,5\n"))
                .hasMessageContaining("3 fields")
                .hasMessageContaining("(line 4, column 3)");
        assertThat(refused("a,,c\n")).hasMessageContaining("(line 1, column 2)");
        assertThat(refused("a,b,a\n")).hasMessageContaining("\"a\" is empty or a repetition (line 1, column 3)");
        assertThat(refused("")).hasMessageContaining("empty");
        assertThat(refused("\n\n")).hasMessageContaining("empty");
        assertThat(refused("a,b\n1,\"x\" y\n")).hasMessageContaining("line 2");
        assertThat(refused("a,b\n1,\"never closed\n2,3\n")).hasMessageContaining("line 2");
        byte[] latin = "a,b\n1,2\nM\u00fcller,3\n".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(refused(latin, Csv.standard())).hasMessageContaining("not UTF-8");
        Csv numeric = Csv.standard().with("b", ColumnType.NUMERIC);
        assertThat(refused("a,b\n1,2\n3,0x10\n".getBytes(StandardCharsets.UTF_8), numeric))
                .hasMessageContaining("\"0x10\" is no number, and column \"b\" is numeric (line 3, column 2)");
    }

    @Test
    void aQuoteWithinAPlainFieldIsACharacterOfIt() throws IOException {
        assertThat(Csv.standard()
                        .read(file("a,b\n5\" pipe,1\nx,\"y\"\"\"\n"))
                        .categories("a")
                        .categories())
                .containsExactly("5\" pipe", "x");
        assertThat(refused("a\n\"5\"\" pipe\n")).hasMessageContaining("never closed");
        assertThat(refused("a,b\n1,\"x\" y\n")).hasMessageContaining("quot").hasMessageNotContaining("Exception");
        assertThatThrownBy(() -> Csv.standard().separatedBy('"')).hasMessageContaining("must differ");
        assertThatThrownBy(() -> Csv.standard().separatedBy('\n')).hasMessageContaining("end a line");
    }

    @Test
    void endlessFieldsAndRowsAreRefused() throws IOException {
        assertThat(refused("a\n" + "x".repeat(5 << 20))).hasMessageContaining("line 2");
        assertThat(refused("a\n\"" + "x\n".repeat(2 << 20))).hasMessageContaining("line 2");
        assertThat(refused(",".repeat(1 << 17))).hasMessageContaining("65536 fields");
    }

    @Test
    void whatIsANumber() {
        for (String number : List.of("0", "-1", "+1.", ".5", "1e9", "1E-9", " 7 ", "inf", "-Infinity", "1e999")) {
            assertThat(Numbers.isNumber(number)).as(number).isTrue();
        }
        for (String word :
                List.of("", " ", ".", "-", "1f", "1d", "0x1p3", "1_000", "1,5", "e5", "1e", "1e+", "NaN", "١")) {
            assertThat(Numbers.isNumber(word)).as(word).isFalse();
        }
        assertThat(Numbers.parse(" -12.5e1 ")).isEqualTo(-125);
    }

    @Test
    void aTableHasOneSizeAndDistinctNames() {
        NumericColumn a = new NumericColumn("a", new double[2]);
        assertThatThrownBy(() -> Table.of(a, new NumericColumn("b", new double[3])))
                .hasMessageContaining("3 rows");
        assertThatThrownBy(() -> Table.of(a, a)).hasMessageContaining("two columns");
        assertThatThrownBy(() -> new CategoryColumn("c", List.of("x"), new int[] {1}))
                .hasMessageContaining("code 1");
        assertThatThrownBy(() -> new CategoryColumn("c", List.of("x", "x"), new int[0]))
                .hasMessageContaining("twice");
    }
}
