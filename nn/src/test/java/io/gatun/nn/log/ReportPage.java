package io.gatun.nn.log;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** A report as an XML parser sees it, which refuses what is not well-formed. */
public final class ReportPage {
    private final Document page;

    private ReportPage(Document page) {
        this.page = page;
    }

    public static ReportPage read(Path file) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        return new ReportPage(
                factory.newDocumentBuilder().parse(new InputSource(new StringReader(Files.readString(file)))));
    }

    public List<Element> all(String tag) {
        return elements(page.getElementsByTagName(tag));
    }

    private static List<Element> elements(NodeList nodes) {
        List<Element> all = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            all.add((Element) nodes.item(i));
        }
        return all;
    }

    public Element byId(String id) {
        return all("*").stream()
                .filter(element -> element.getAttribute("id").equals(id))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no element " + id));
    }

    public String text(String id) {
        return byId(id).getTextContent();
    }

    /** Rows of cells: a number in full, anything else as its text. */
    public List<List<String>> table(String id) {
        List<List<String>> rows = new ArrayList<>();
        for (Element row : elements(byId(id).getElementsByTagName("tr"))) {
            List<String> cells = new ArrayList<>();
            for (Element cell : elements(row.getElementsByTagName("*"))) {
                if (cell.getTagName().equals("td") || cell.getTagName().equals("th")) {
                    NodeList data = cell.getElementsByTagName("data");
                    cells.add(
                            data.getLength() == 0
                                    ? cell.getTextContent()
                                    : ((Element) data.item(0)).getAttribute("value"));
                }
            }
            rows.add(cells);
        }
        return rows;
    }

    /** x and y in turn, for each line of a chart. */
    public List<double[]> lines(String id) {
        return elements(byId(id).getElementsByTagName("polyline")).stream()
                .map(line -> Arrays.stream(line.getAttribute("points").split("[ ,]"))
                        .mapToDouble(Double::parseDouble)
                        .toArray())
                .toList();
    }
}
